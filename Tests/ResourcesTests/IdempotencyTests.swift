internal import Contracts
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct IdempotencyTests {
    @Test func `A repeated request reads the first answer`() async throws {
        try await Workshop.run { shop in
            let first = try await shop.call("shop.gadget.create/1", body: ["name": "lamp"], key: "k")
            let second = try await shop.call("shop.gadget.create/1", body: ["name": "lamp"], key: "k")
            #expect(!first.isReplayed)
            #expect(second.isReplayed)
            #expect(second.body == first.body)
            #expect(second.status == 201)
            #expect(second.etag == first.etag)
            #expect(second.location == first.location)
            #expect(try await shop.events().count == 1)
            #expect(
                await shop.refusal("shop.gadget.create/1", body: ["name": "other"], key: "k")?.code
                    == .idempotencyMismatch
            )
            // Another caller's key is another key.
            #expect(
                try await shop.call("shop.gadget.create/1", body: ["name": "lamp"], key: "k", as: shop.stranger)
                    .isReplayed == false
            )
        }
    }

    @Test func `A key is kept for 72 hours and then free again`() async throws {
        try await Workshop.run { shop in
            let create = { try await shop.call("shop.gadget.create/1", body: ["name": "lamp"], key: "k") }
            _ = try await create()
            let keys = IdempotencyKeys(shop.database)
            let kept = IdempotencyKeys.keptHours * 3_600
            #expect(try await keys.deleteExpired(at: shop.clock.now.advanced(bySeconds: kept)) == 0)
            #expect(try await create().isReplayed)
            #expect(try await keys.deleteExpired(at: shop.clock.now.advanced(bySeconds: kept + 1)) == 1)
            #expect(try await !create().isReplayed)
        }
    }

    @Test func `Forty at once have one effect`() async throws {
        try await Workshop.run { shop in
            let bodies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<40 {
                    group.addTask { try await shop.call("shop.gadget.create/1", body: ["name": "lamp"], key: "k").body }
                }
                return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
            }
            #expect(bodies.count == 1)
            #expect(try await shop.list()["data"]?.array?.count == 1)
            #expect(try await shop.events().count == 1)
        }
    }

    @Test func `A refusal is an answer too`() async throws {
        try await Workshop.run { shop in
            let first = await shop.refusal("shop.gadget.create/1", body: ["name": "cursed"], key: "k")
            #expect(first?.code == .conflict)
            let second: Reply? = try? await shop.call("shop.gadget.create/1", body: ["name": "cursed"], key: "k")
            #expect(second?.status == 409)
            #expect(second?.isReplayed == true)
            let list = try await shop.list()
            #expect(list["data"] == [])
        }
    }

    @Test func `What a second run would be refused for is what the first has done`() async throws {
        try await Workshop.run { shop in
            let body: JSON = ["name": "lamp", "external_id": "one of its kind"]
            let first = try await shop.call("shop.gadget.create/1", body: body, key: "k")
            let second = try await shop.call("shop.gadget.create/1", body: body, key: "k")
            #expect(second.isReplayed)
            #expect(second.body == first.body)
            #expect(await shop.refusal("shop.gadget.create/1", body: body, key: "other")?.code == .conflict)
        }
    }

    @Test func `The first answer is read again whatever has become of its object`() async throws {
        try await Workshop.run { shop in
            let create = { try await shop.call("shop.gadget.create/1", body: ["name": "lamp"], key: "k") }
            let first = try await create()
            let id = try #require(try JSON(parsing: first.body)["id"]?.string)
            _ = try await shop.call("shop.gadget.delete/1", ["id": id])
            let second = try await create()
            #expect(second.isReplayed)
            #expect(second.body == first.body)
            #expect(try await shop.list()["data"] == [])
        }
    }

    @Test func `A dry run fails of what the real one would fail of at its end`() async throws {
        let doom = OperationDeclaration(
            "shop.gadget.doom",
            .post("/v1/gadgets/doom"),
            access: .write("shop"),
            "Fails with the last thing that it sends."
        )
        let make: @Sendable (Persistence) -> Router = { persistence in
            var router = Workshop.router(persistence)
            router.serve(doom) { _, context in
                try await persistence.commands.run(doom, context) { transaction in
                    try transaction.queue("SELECT 1 / 0")
                    return Outcome(.nothing)
                }
            }
            return router
        }
        try await TestService.run(Workshop.migrations, make) { shop in
            for isDryRun in [true, false] {
                await #expect(throws: (any Error).self) {
                    try await shop.call("shop.gadget.doom/1") { $0.isDryRun = isDryRun }
                }
            }
        }
    }

    @Test func `A dry run tells and leaves nothing`() async throws {
        try await Workshop.run { shop in
            let reply = try await shop.call("shop.gadget.create/1", body: ["name": "lamp"], key: "k") {
                $0.isDryRun = true
            }
            let answer = try JSON(parsing: reply.body)
            #expect(answer["dry_run"] == true)
            #expect(answer["status"] == 201)
            #expect(answer["result"]?["name"] == "lamp")
            #expect(answer["events"]?.array?.map { $0["type"] } == ["gadget.created"])
            #expect(try await shop.list()["data"] == [])
            #expect(try await shop.events().isEmpty)
            #expect(try await shop.rows("SELECT 1 FROM idempotency_key").count == 0)
            #expect(try await shop.call("shop.gadget.create/1", body: ["name": "lamp"], key: "k").isReplayed == false)
        }
    }
}
