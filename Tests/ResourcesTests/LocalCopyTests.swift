internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct LocalCopyTests {
    private static func copy(_ id: Identifier, in shop: TestService) async throws -> [String?] {
        let rows = try await shop.rows(
            "SELECT name, city, met_as, is_deleted::text, version::text FROM supplier_ref WHERE id = $1",
            [.uuid(id)]
        )
        guard rows.count == 1 else { return [] }
        return try ["name", "city", "met_as", "is_deleted", "version"].map { try rows[0].textOrNil($0) }
    }

    @Test func `A copy follows its owner, and no older event changes it`() async throws {
        try await Workshop.run { shop in
            let id = try await shop.supplier(["name": "Timber", "city": "Riga"])
            #expect(try await Self.copy(id, in: shop) == ["Timber", "Riga", "supplier.created", "false", "1"])
            _ = try await shop.supplier("updated", id, version: 3, ["name": "Timber & Sons"])
            #expect(try await Self.copy(id, in: shop) == ["Timber & Sons", nil, "supplier.created", "false", "3"])
            _ = try await shop.supplier("updated", id, version: 2, ["name": "Late"])
            _ = try await shop.supplier("updated", id, version: 3, ["name": "Twice"])
            #expect(try await Self.copy(id, in: shop).first == "Timber & Sons")
            // Deleting shows the row as it was: the same version says something new.
            _ = try await shop.supplier("deleted", id, version: 3)
            #expect(try await Self.copy(id, in: shop)[3] == "true")
            _ = try await shop.supplier("updated", id, version: 3)
            #expect(try await Self.copy(id, in: shop)[3] == "true")
            _ = try await shop.supplier("restored", id, version: 5)
            #expect(try await Self.copy(id, in: shop)[3...] == ["false", "5"])
        }
    }

    @Test func `A copy that is filled again from the beginning stays as it is`() async throws {
        try await Workshop.run { shop in
            let id = try await shop.supplier(["name": "One"])
            _ = try await shop.supplier("updated", id, version: 2, ["name": "Two"])
            _ = try await shop.supplier("deleted", id, version: 2, ["name": "Two"])
            let before = try await Self.copy(id, in: shop)
            _ = try await shop.supplier("created", id, version: 1, ["name": "One"])
            _ = try await shop.supplier("updated", id, version: 2, ["name": "Two"])
            #expect(try await Self.copy(id, in: shop) == before)
        }
    }

    @Test func `A reference leads to a copy of the same organization that is not deleted`() async throws {
        try await Workshop.run { shop in
            let known = try await shop.supplier()
            let gadget = try await shop.gadget(["name": "lamp", "supplier_id": .string(known.description)])
            #expect(gadget["supplier_id"] == .string(known.description))
            let gone = try await shop.supplier()
            _ = try await shop.supplier("deleted", gone)
            for (id, caller) in [(gone, shop.caller), (Identifier.random(), shop.caller), (known, shop.stranger)] {
                let body: JSON = ["name": "lamp", "supplier_id": .string(id.description), "maker_id": .string("\(id)")]
                let fault = await shop.refusal("shop.gadget.create/1", body: body, as: caller)
                #expect(fault?.code == .validationFailed)
                #expect(fault?.problems.map(\.code) == ["unknown_reference", "unknown_reference"])
                #expect(Set(fault?.problems.map(\.pointer) ?? []) == ["/supplier_id", "/maker_id"])
            }
            let changed = await shop.refusal(
                "shop.gadget.change/1",
                ["id": gadget["id"]?.string ?? ""],
                body: ["supplier_id": .string(gone.description)],
                ifMatch: 1
            )
            #expect(changed?.problems.map(\.pointer) == ["/supplier_id"])
        }
    }

    // MARK: - Waiting

    /// Runs the workshop over a market whose news of one supplier arrives while a request waits.
    private static func waiting(
        _ body: (TestService, _ late: Identifier, _ waits: @Sendable () -> [String]) async throws -> Void
    ) async throws {
        let late = Identifier.random()
        let waits = Mutex<[String]>([])
        let place = Mutex<TestService?>(nil)
        try await TestService.run(
            Workshop.migrations,
            { persistence in
                Workshop.router(
                    persistence.catchingUp { owner, organization in
                        waits.withLock { $0.append(owner) }
                        guard let shop = place.withLock({ $0 }), shop.organization == organization else { return false }
                        return (try? await shop.supplier("created", late)) != nil
                    }
                )
            },
            { shop in
                place.withLock { $0 = shop }
                try await body(shop, late) { waits.withLock { $0 } }
            }
        )
    }

    @Test func `A request that names what has not arrived waits for its owner once`() async throws {
        try await Self.waiting { shop, late, waits in
            let lamp = try await shop.gadget(["name": "lamp"])
            #expect(waits() == [])
            let made = try await shop.json(
                "shop.gadget.create/1",
                body: ["name": "lamp", "supplier_id": .string(late.description)],
                key: "once"
            )
            #expect(made["supplier_id"] == .string(late.description))
            #expect(waits() == ["market"])
            #expect(try await shop.events("gadget.created").count == 2)
            let wrong: JSON = ["supplier_id": .string(Identifier.random().description)]
            let id = lamp["id"]?.string ?? ""
            for wait in 2...3 {
                let fault = await shop.refusal("shop.gadget.change/1", ["id": id], body: wrong, ifMatch: 1)
                #expect(fault?.problems.map(\.code) == ["unknown_reference"])
                #expect(waits().count == wait)
            }
        }
    }

    @Test func `The refusal after waiting is what a repeated key reads`() async throws {
        try await Self.waiting { shop, _, waits in
            let wrong: JSON = ["name": "lamp", "supplier_id": .string(Identifier.random().description)]
            let first = await shop.refusal("shop.gadget.create/1", body: wrong, key: "wrong")
            #expect(first?.code == .validationFailed)
            let again = try await shop.call("shop.gadget.create/1", body: wrong, key: "wrong")
            #expect(again.status == 422)
            #expect(again.isReplayed)
            #expect(waits() == ["market"])
        }
    }

    @Test(arguments: ["partial", "atomic"])
    func `A batch waits for all its rows together`(mode: String) async throws {
        try await Self.waiting { shop, late, waits in
            let rows: JSON = [
                ["name": "a"], ["name": "b", "supplier_id": .string(late.description)],
                ["name": "c", "supplier_id": .string(late.description)],
            ]
            let answer = try await shop.json("shop.gadget.batch/1", body: ["mode": .string(mode), "rows": rows])
            #expect(answer["created"] == 3)
            #expect(waits() == ["market"])
            #expect(try await shop.events("gadget.created").count == 3)
            let wrong: JSON = [["name": "d"], ["name": "e", "supplier_id": .string(Identifier.random().description)]]
            let body: JSON = ["mode": .string(mode), "rows": wrong]
            if mode == "atomic" {
                let fault = await shop.refusal("shop.gadget.batch/1", body: body)
                #expect(fault?.problems.map(\.pointer) == ["/rows/1/supplier_id"])
            } else {
                let partial = try await shop.json("shop.gadget.batch/1", body: body)
                #expect(partial["results"]?.array?.map { $0["status"] } == [201, 422])
            }
            #expect(waits() == ["market", "market"])
        }
    }

    @Test(arguments: ["create", "atomic", "partial"])
    func `Of an owner that does not answer nobody says that its row is not there`(verb: String) async throws {
        let isAway = Mutex(true)
        try await TestService.run(
            Workshop.migrations,
            { persistence in Workshop.router(persistence.catchingUp { _, _ in isAway.withLock { !$0 } }) },
            { shop in
                let row: JSON = ["name": "lamp", "supplier_id": .string(Identifier.random().description)]
                let (operation, body): (String, JSON) =
                    verb == "create"
                    ? ("shop.gadget.create/1", row)
                    : ("shop.gadget.batch/1", ["mode": .string(verb), "rows": [["name": "chair"], row]])
                let fault = await shop.refusal(operation, body: body, key: "once")
                #expect(fault?.code == .unavailable)
                #expect(fault?.retryAfter == 1)
                #expect(fault?.detail.contains("market") == true)
                #expect(try await shop.list()["data"] == [])
                isAway.withLock { $0 = false }
                // The key was not spent on that answer.
                if verb == "partial" {
                    let answer = try await shop.json(operation, body: body, key: "once")
                    #expect(answer["results"]?.array?.map { $0["status"] } == [201, 422])
                } else {
                    let refused = await shop.refusal(operation, body: body, key: "once")
                    #expect(refused?.problems.map(\.code) == ["unknown_reference"])
                }
            }
        )
    }
}
