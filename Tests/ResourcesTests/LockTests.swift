internal import Contracts
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

/// A row is referred to on one connection while it is deleted on another: none that is there may refer to one that is not.
@Suite struct LockTests {
    private static func run(_ body: (TestService) async throws -> Void) async throws {
        var configuration = TestServer.configuration
        configuration.transactionConnections = 4
        try await TestService.run(Workshop.migrations, configuration: configuration, Workshop.router, body)
    }

    private static func orphans(_ shop: TestService) async throws -> Int64 {
        try await shop.rows(
            """
            SELECT count(*) AS orphans FROM gadget JOIN maker ON maker.id = gadget.maker_id
            WHERE gadget.deleted_at IS NULL AND maker.deleted_at IS NOT NULL
            """
        )[0].int("orphans")
    }

    @Test func `A row that is referred to a moment before is deleted with what refers to it`()
        async throws
    {
        try await Self.run { shop in
            let maker = try await shop.maker()
            let id = try #require(Identifier(maker))
            let (organization, now) = (shop.organization, shop.clock.now)
            let store = ResourceStore(Workshop.gadget)
            let values = Values(["name": .text("lamp"), "maker_id": .identifier(id)])
            let hasWaited = try await shop.meeting(
                { transaction in try store.requireReferences(in: values, for: organization, in: transaction) },
                last: { transaction in
                    var row = values
                    row["size"] = .integer(1)
                    row["colour"] = .text("red")
                    _ = try store.insert(row, for: organization, at: now, in: transaction)
                },
                { _ = try await shop.call("shop.maker.delete/1", ["id": maker]) }
            )
            #expect(hasWaited)
            #expect(await shop.refusal("shop.maker.get/1", ["id": maker])?.code == .notFound)
            #expect(try await shop.events("gadget.deleted").count == 1)
            #expect(try await Self.orphans(shop) == 0)
        }
    }

    /// As `ResourceStore.end` deletes: the row is locked, then marked.
    private static func delete(
        _ maker: Identifier,
        of organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        _ = try ResourceStore(Workshop.maker).lock(maker, for: organization, in: transaction)
        try transaction.queue(
            "UPDATE maker SET deleted_at = now() WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(maker)]
        )
    }

    @Test(arguments: ["create", "change", "restore"])
    func `What refers to a row that is being deleted waits, and is refused`(verb: String) async throws {
        try await Self.run { shop in
            let maker = try await shop.maker()
            let id = try #require(Identifier(maker))
            let organization = shop.organization
            let body: JSON = ["name": "lamp", "maker_id": .string(maker)]
            let members: JSONObject =
                verb == "restore" ? ["name": "lamp", "maker_id": .string(maker)] : ["name": "lamp"]
            let gadget = try await shop.gadget(members)["id"]?.string ?? ""
            if verb == "restore" { _ = try await shop.call("shop.gadget.delete/1", ["id": gadget]) }
            let hasWaited = try await shop.meeting(
                { transaction in try Self.delete(id, of: organization, in: transaction) },
                {
                    let fault =
                        switch verb {
                        case "create": await shop.refusal("shop.gadget.create/1", body: body)
                        case "change":
                            await shop.refusal("shop.gadget.change/1", ["id": gadget], body: body, ifMatch: 1)
                        default: await shop.refusal("shop.gadget.restore/1", ["id": gadget])
                        }
                    #expect(fault?.problems.map(\.pointer) == ["/maker_id"])
                }
            )
            #expect(hasWaited)
            #expect(try await Self.orphans(shop) == 0)
        }
    }

    /// The foreign key lets a row pass whose figures change meanwhile, and so does the check before it.
    @Test func `Who refers to a row does not wait for a change of its figures`() async throws {
        try await Self.run { shop in
            let maker = try await shop.maker()
            let id = try #require(Identifier(maker))
            let organization = shop.organization
            let hasWaited = try await shop.meeting(
                { transaction in
                    try transaction.queue(
                        "UPDATE maker SET name = 'Busy' WHERE organization_id = $1 AND id = $2",
                        [.uuid(organization), .uuid(id)]
                    )
                },
                { _ = try await shop.gadget(["name": "lamp", "maker_id": .string(maker)]) }
            )
            #expect(!hasWaited)
        }
    }
}
