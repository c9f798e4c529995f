internal import Contracts
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct RestoreTests {
    @Test func `Nothing comes back without what it belongs to`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker()
            let lamp = try await shop.gadget(["name": "lamp", "maker_id": .string(maker)])["id"]?.string ?? ""
            _ = try await shop.call("shop.gadget.delete/1", ["id": lamp])
            shop.clock.advance(bySeconds: 1)
            _ = try await shop.call("shop.maker.delete/1", ["id": maker])
            let fault = await shop.refusal("shop.gadget.restore/1", ["id": lamp])
            #expect(fault?.code == .conflict)
            #expect(fault?.problems.map(\.pointer) == ["/maker_id"])
            #expect(fault?.problems.map(\.code) == ["parent_deleted"])
            #expect(fault?.members["in_the_way"] == [["type": "maker", "id": .string(maker)]])
            #expect(try await shop.events("gadget.restored").isEmpty)
            _ = try await shop.json("shop.maker.restore/1", ["id": maker])
            #expect(try await shop.names([:]).isEmpty)
            #expect(try await shop.json("shop.gadget.restore/1", ["id": lamp])["version"] == 3)
        }
    }

    @Test func `What belongs to two comes back when both are there`() async throws {
        try await Workshop.run { shop in
            let (maker, other) = (try await shop.maker(), try await shop.maker("Other"))
            let lamp = try await shop.gadget(["name": "lamp", "maker_id": .string(maker)])
            let part = try await shop.part(of: lamp, ["maker_id": .string(other)])["id"]?.string ?? ""
            _ = try await shop.call("shop.maker.delete/1", ["id": maker])
            shop.clock.advance(bySeconds: 1)
            // The part went with its gadget, so it still names the other maker, who goes now.
            _ = try await shop.call("shop.maker.delete/1", ["id": other])
            shop.clock.advance(bySeconds: 1)
            _ = try await shop.json("shop.maker.restore/1", ["id": maker])
            #expect(try await shop.names([:]) == ["lamp"])
            #expect(await shop.refusal("shop.part.get/1", ["id": part])?.code == .notFound)
            #expect(await shop.refusal("shop.part.restore/1", ["id": part])?.problems.map(\.pointer) == ["/maker_id"])
            _ = try await shop.json("shop.maker.restore/1", ["id": other])
            #expect(try await shop.json("shop.part.restore/1", ["id": part])["version"] == 3)
        }
    }

    @Test func `A rule may keep a row deleted`() async throws {
        try await Workshop.run { shop in
            let huge = try await shop.gadget(["name": "huge", "size": 100])["id"]?.string ?? ""
            _ = try await shop.call("shop.gadget.delete/1", ["id": huge])
            #expect(await shop.refusal("shop.gadget.restore/1", ["id": huge])?.problems.map(\.code) == ["huge"])
            #expect(await shop.refusal("shop.gadget.get/1", ["id": huge])?.code == .notFound)
        }
    }
}
