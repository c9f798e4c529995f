internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct DependentsTests {
    /// A maker with two gadgets, one of which has a part; and one gadget that was deleted before.
    private static func filled(_ shop: TestService) async throws -> (maker: String, lamp: JSON, part: JSON, chair: JSON)
    {
        let maker = try await shop.maker()
        let lamp = try await shop.gadget(["name": "lamp", "maker_id": .string(maker)])
        let part = try await shop.part(of: lamp)
        let chair = try await shop.gadget(["name": "chair", "maker_id": .string(maker)])
        let earlier = try await shop.gadget(["name": "earlier", "maker_id": .string(maker)])
        _ = try await shop.call("shop.gadget.delete/1", ["id": earlier["id"]?.string ?? ""])
        shop.clock.advance(bySeconds: 1)
        return (maker, lamp, part, chair)
    }

    @Test func `Each row that goes with another says so, and again when it comes back`() async throws {
        try await Workshop.run { shop in
            let (maker, lamp, part, chair) = try await Self.filled(shop)
            let gone = [lamp, chair, part].compactMap { $0["id"]?.identifier }
            for (verb, word) in [("delete", "deleted"), ("restore", "restored")] {
                let before = try await shop.events().count
                _ = try await shop.call("shop.maker.\(verb)/1", ["id": maker])
                shop.clock.advance(bySeconds: 1)
                let events = Array(try await shop.events().dropFirst(before))
                let types = events.map(\.type)
                #expect(types == ["maker.\(word)", "gadget.\(word)", "gadget.\(word)", "part.\(word)"])
                #expect(Set(events.dropFirst().map(\.aggregateID)) == Set(gone))
                #expect(events.dropFirst().allSatisfy { $0.causation == events[0].id })
                #expect(Set(events.map(\.correlation)) == [events[0].correlation])
                // The row as it is then: one version further each time.
                #expect(Set(events.map(\.aggregateVersion)) == [word == "deleted" ? 2 : 3])
                let shown = try events.map { try JSON(parsing: $0.payload)["data"]?["id"]?.identifier }
                #expect(shown == events.map(\.aggregateID))
            }
            #expect(try await shop.names(["sort": "name"]) == ["chair", "lamp"])
            let page = try await shop.json("shop.part.list/1")
            #expect(page["data"]?.array?.map { $0["id"] } == [part["id"]])
        }
    }

    @Test func `What its operation publishes is in the catalog`() throws {
        #expect(
            Workshop.maker.declaration(of: .delete).events
                == ["maker.deleted", "gadget.deleted", "part.deleted", "part.updated"]
        )
        #expect(
            Workshop.maker.declaration(of: .restore).events == ["maker.restored", "gadget.restored", "part.restored"]
        )
        #expect(Workshop.part.declaration(of: .delete).events == ["part.deleted"])
    }

    @Test func `No more goes with a row than one transaction can tell of`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker()
            let organization = shop.organization
            let fill = { (count: Int64) in
                _ = try await shop.database.transaction(.organization(organization)) { transaction in
                    try transaction.queue(
                        """
                        INSERT INTO gadget (organization_id, id, name, size, colour, maker_id, created_at, updated_at)
                        SELECT $1, gen_random_uuid(), 'g', 1, 'red', $2, now(), now() FROM generate_series(1, $3::bigint)
                        """,
                        [.uuid(organization), .uuid(try #require(Identifier(maker))), .int(count)]
                    )
                }
            }
            try await fill(Int64(EventLog.eventsPerTransactionMax))
            let fault = await shop.refusal("shop.maker.delete/1", ["id": maker])
            #expect(fault?.code == .conflict)
            #expect(fault?.problems.map(\.code) == ["too_many_dependents"])
            #expect(try await shop.json("shop.maker.get/1", ["id": maker])["version"] == 1)
            let first = try await shop.list(["limit": "1"])["data"]?.array?.first?["id"]?.string ?? ""
            _ = try await shop.call("shop.gadget.delete/1", ["id": first])
            shop.clock.advance(bySeconds: 1)
            _ = try await shop.call("shop.maker.delete/1", ["id": maker])
            #expect(try await shop.events("gadget.deleted").count == EventLog.eventsPerTransactionMax)
        }
    }

    @Test func `What its own rule keeps does not go with another, and nothing else goes either`() async throws {
        try await Workshop.run { shop in
            let (maker, _, _, _) = try await Self.filled(shop)
            let blue = try await shop.gadget(["name": "blue", "colour": "blue", "maker_id": .string(maker)])
            let own = await shop.refusal("shop.gadget.delete/1", ["id": blue["id"]?.string ?? ""])
            #expect(own?.problems.map(\.code) == ["blue"])
            let before = try await shop.events().count
            let fault = await shop.refusal("shop.maker.delete/1", ["id": maker])
            #expect(fault?.code == .conflict)
            #expect(fault?.problems.map(\.code) == ["in_use"])
            #expect(
                fault?.members["in_the_way"]
                    == [["type": "gadget", "id": blue["id"] ?? .null, "reason": "Blue ones stay."]]
            )
            #expect(try await shop.json("shop.maker.get/1", ["id": maker])["version"] == 1)
            #expect(try await shop.names(["sort": "name"]) == ["blue", "chair", "lamp"])
            #expect(try await shop.events().count == before)
        }
    }

    @Test func `What only refers to a row lets go of it, each by an event with its own version`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker()
            let lamp = try await shop.gadget()
            let part = try await shop.part(of: lamp, ["maker_id": .string(maker)])
            let other = try await shop.part(of: lamp)
            _ = try await shop.call("shop.maker.delete/1", ["id": maker])
            let id = part["id"]?.string ?? ""
            let now = try await shop.json("shop.part.get/1", ["id": id])
            #expect(now["maker_id"] == .null)
            #expect(now["version"] == 2)
            #expect(try await shop.json("shop.part.get/1", ["id": other["id"]?.string ?? ""])["version"] == 1)
            let events = try await shop.events("part.updated")
            #expect(events.map(\.aggregateID.description) == [id])
            #expect(events.map(\.aggregateVersion) == [2])
            let payload = try JSON(parsing: try #require(events.first).payload)
            #expect(payload["previous"] == ["maker_id": .string(maker)])
            #expect(payload["data"] == now)
        }
    }
}
