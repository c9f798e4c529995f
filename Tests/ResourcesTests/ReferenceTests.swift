internal import Contracts
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ReferenceTests {
    @Test func `A reference leads to a row of the same organization that is not deleted`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker()
            #expect(try await shop.gadget(["name": "lamp", "maker_id": .string(maker)])["maker_id"] == .string(maker))
            let foreign =
                try await shop.json("shop.maker.create/1", body: ["name": "Other"], as: shop.stranger)["id"] ?? .null
            let gone = try await shop.maker("Gone")
            _ = try await shop.call("shop.maker.delete/1", ["id": gone])
            for id in [foreign, .string(gone), .string(Identifier.random().description)] {
                let fault = await shop.refusal("shop.gadget.create/1", body: ["name": "lamp", "maker_id": id])
                #expect(fault?.problems.map(\.code) == ["unknown_reference"])
                #expect(fault?.problems.map(\.pointer) == ["/maker_id"])
            }
        }
    }

    @Test func `Another organization's row is as absent as a random one`() async throws {
        try await Workshop.run { shop in
            let id = try await shop.gadget()["id"]?.string ?? ""
            for operation in ["get", "delete", "restore"] {
                let foreign = await shop.refusal("shop.gadget.\(operation)/1", ["id": id], as: shop.stranger)
                let random = await shop.refusal(
                    "shop.gadget.\(operation)/1",
                    ["id": Identifier.random().description],
                    as: shop.stranger
                )
                #expect(foreign?.code == .notFound)
                #expect(foreign == random)
            }
            let changed = await shop.refusal(
                "shop.gadget.change/1",
                ["id": id],
                body: ["size": 2],
                ifMatch: 1,
                as: shop.stranger
            )
            #expect(changed?.code == .notFound)
            #expect(try await shop.json("shop.gadget.list/1", as: shop.stranger)["data"] == [])
        }
    }

    @Test func `What belongs to a row goes with it and comes back with it`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker()
            let kept = try await shop.gadget(["name": "kept", "maker_id": .string(maker)])["id"]?.string ?? ""
            let earlier = try await shop.gadget(["name": "earlier", "maker_id": .string(maker)])["id"]?.string ?? ""
            _ = try await shop.call("shop.gadget.delete/1", ["id": earlier])
            shop.clock.advance(bySeconds: 1)
            #expect(try await shop.call("shop.maker.delete/1", ["id": maker]).status == 204)
            #expect(await shop.refusal("shop.gadget.get/1", ["id": kept])?.code == .notFound)
            shop.clock.advance(bySeconds: 1)
            _ = try await shop.json("shop.maker.restore/1", ["id": maker])
            #expect(try await shop.json("shop.gadget.get/1", ["id": kept])["name"] == "kept")
            #expect(await shop.refusal("shop.gadget.get/1", ["id": earlier])?.code == .notFound)
            #expect(await shop.refusal("shop.maker.restore/1", ["id": maker])?.code == .conflict)
        }
    }

    @Test func `What must stay says what is in the way`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker()
            let order = try await shop.json("shop.order.create/1", body: ["maker_id": .string(maker)])["id"] ?? .null
            let fault = await shop.refusal("shop.maker.delete/1", ["id": maker])
            #expect(fault?.code == .conflict)
            #expect(fault?.members["in_the_way"] == [["type": "order", "id": order]])
            #expect(try await shop.json("shop.maker.get/1", ["id": maker])["version"] == 1)
        }
    }

    @Test func `The rows of a parent are a page`() async throws {
        try await Workshop.run { shop in
            let (one, other) = (try await shop.maker("One"), try await shop.maker("Other"))
            for name in ["a", "b", "c"] {
                _ = try await shop.gadget(["name": .string(name), "maker_id": .string(one)])
            }
            _ = try await shop.gadget(["name": "d", "maker_id": .string(other)])
            let page = try await shop.json("shop.maker.gadgets/1", ["id": one, "sort": "name", "limit": "2"])
            #expect(page["data"]?.array?.map { $0["name"] } == ["a", "b"])
            let cursor = try #require(page["next_cursor"]?.string)
            let next = try await shop.json(
                "shop.maker.gadgets/1",
                ["id": one, "sort": "name", "limit": "2", "cursor": cursor]
            )
            #expect(next["data"]?.array?.map { $0["name"] } == ["c"])
            let foreign = await shop.refusal(
                "shop.maker.gadgets/1",
                ["id": other, "sort": "name", "limit": "2", "cursor": cursor]
            )
            #expect(foreign?.code == .invalidRequest)
        }
    }
}
