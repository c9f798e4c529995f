internal import Contracts
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ExpansionTests {
    @Test func `A reader gets the objects that an object names`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker()
            let gadget = try await shop.gadget(["name": "lamp", "maker_id": .string(maker)])
            let part = try await shop.part(of: gadget, ["maker_id": .string(maker)])
            let id = part["id"]?.string ?? ""
            let plain = try await shop.json("shop.part.get/1", ["id": id])
            #expect(plain == part)
            let expanded = try await shop.json("shop.part.get/1", ["id": id, "expand": "maker,gadget"])
            #expect(expanded["maker_id"] == .string(maker))
            #expect(expanded["maker"] == (try await shop.json("shop.maker.get/1", ["id": maker])))
            #expect(expanded["gadget"] == gadget)
            #expect(expanded["order"] == nil)
            let bare = try await shop.gadget(["name": "bare"])
            let none = try await shop.json("shop.gadget.get/1", ["id": bare["id"]?.string ?? "", "expand": "maker"])
            #expect(none["maker"] == .null)
        }
    }

    @Test func `A page embeds for each of its rows`() async throws {
        try await Workshop.run { shop in
            let makers = [try await shop.maker("One"), try await shop.maker("Two")]
            for (index, name) in ["a", "b", "c", "d"].enumerated() {
                var members: JSONObject = ["name": .string(name)]
                members["maker_id"] = index == 3 ? .null : .string(makers[index % 2])
                _ = try await shop.gadget(members)
            }
            let query = ["sort": "name", "limit": "3", "expand": "maker"]
            let page = try await shop.list(query)
            #expect(page["data"]?.array?.map { $0["maker"]?["name"]?.string } == ["One", "Two", "One"])
            let cursor = try #require(page["next_cursor"]?.string)
            let rest = try await shop.list(query.merging(["cursor": cursor]) { $1 })
            #expect(rest["data"]?.array?.map { $0["maker"] } == [.null])
            let children = try await shop.json("shop.maker.gadgets/1", ["id": makers[1], "expand": "maker"])
            #expect(children["data"]?.array?.map { $0["maker"]?["name"] } == ["Two"])
        }
    }

    @Test func `Nothing of another organization and nothing deleted is embedded`() async throws {
        try await Workshop.run { shop in
            let foreign = try await shop.json("shop.gadget.create/1", body: ["name": "theirs"], as: shop.stranger)
            let maker = try await shop.maker()
            let part = try await shop.part(of: foreign, ["maker_id": .string(maker)])
            let query = ["id": part["id"]?.string ?? "", "expand": "gadget,maker"]
            let before = try await shop.json("shop.part.get/1", query)
            #expect(before["gadget_id"] == foreign["id"])
            #expect(before["gadget"] == .null)
            #expect(before["maker"]?["id"] == .string(maker))
            let organization = shop.organization
            _ = try await shop.database.transaction(.organization(organization)) { transaction in
                try transaction.queue(
                    "UPDATE maker SET deleted_at = now() WHERE organization_id = $1",
                    [.uuid(organization)]
                )
            }
            let after = try await shop.json("shop.part.get/1", query)
            #expect(after["maker_id"] == .string(maker))
            #expect(after["maker"] == .null)
            let list = try await shop.json("shop.part.list/1", ["expand": "gadget,maker"])
            #expect(list["data"]?.array?.map { [$0["gadget"], $0["maker"]] } == [[.null, .null]])
        }
    }

    @Test func `Who may not read an object does not get it embedded`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker()
            let order = try await shop.json("shop.order.create/1", body: ["maker_id": .string(maker)])
            let part = try await shop.part(of: .null, ["order_id": order["id"] ?? .null])
            let query = ["id": part["id"]?.string ?? "", "expand": "order"]
            #expect(try await shop.json("shop.part.get/1", query, role: .admin)["order"]?["id"] == order["id"])
            #expect(await shop.refusal("shop.part.get/1", query, role: .viewer)?.code == .forbidden)
            #expect(await shop.refusal("shop.part.list/1", ["expand": "order"], role: .viewer)?.code == .forbidden)
            #expect(try await shop.json("shop.part.get/1", ["id": query["id"] ?? ""], role: .viewer) == part)
        }
    }

    @Test(arguments: ["maker_id", "supplier", "maker,,gadget", ",", "Maker", "maker,maker,maker,maker,maker,maker"])
    func `A name that cannot be embedded is refused`(names: String) async throws {
        try await Workshop.run { shop in
            for operation in ["shop.part.list/1", "shop.part.get/1"] {
                let parameters = operation.contains("get") ? ["id": Identifier.random().description] : [:]
                let fault = await shop.refusal(operation, parameters.merging(["expand": names]) { $1 })
                #expect(fault?.code == .invalidRequest)
                #expect(fault?.problems.first?.pointer == "/query/expand")
            }
        }
    }

    @Test func `An expanded answer is never taken for the one that was read before`() async throws {
        try await Workshop.run { shop in
            let maker = try await shop.maker("Old")
            let id = try await shop.gadget(["name": "lamp", "maker_id": .string(maker)])["id"]?.string ?? ""
            let unchanged = try await shop.call("shop.gadget.get/1", ["id": id]) { $0.ifNoneMatch = VersionMatch(1) }
            #expect(unchanged.status == 304)
            let renamed: JSON = ["name": "New"]
            _ = try await shop.call("shop.maker.change/1", ["id": maker], body: renamed, ifMatch: 1)
            let reply = try await shop.call("shop.gadget.get/1", ["id": id, "expand": "maker"]) {
                $0.ifNoneMatch = VersionMatch(1)
            }
            #expect(reply.status == 200)
            #expect(reply.etag == nil)
            #expect(try JSON(parsing: reply.body)["maker"]?["name"] == "New")
        }
    }

    @Test func `The catalog says which names there are`() throws {
        let parameter = try #require(Workshop.part.declaration(of: .list).query.first { $0.name == "expand" })
        #expect(parameter.kind == .list(.choice(["maker", "gadget", "order"]), countMax: 5))
        #expect(Workshop.maker.declaration(of: .get).query.isEmpty)
        let gadget = Schema.object(Workshop.gadget.visible, .response)
        #expect(gadget["properties"]?["maker"]?["type"] == ["object", "null"])
        #expect(gadget["required"]?.array?.contains("maker") == false)
        #expect(Schema.object(Workshop.gadget.visible, .request)["properties"]?["maker"] == nil)
    }
}
