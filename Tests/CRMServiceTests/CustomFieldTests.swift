internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct CustomFieldTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let type: String
        let given: JSON
        /// As it is stored; `nil` where it is refused.
        let kept: JSON?
        let code: String?

        init(_ type: String, _ given: JSON, keeps kept: JSON) {
            (self.type, self.given, self.kept, self.code) = (type, given, kept, nil)
        }

        init(_ type: String, _ given: JSON, refused code: String) {
            (self.type, self.given, self.kept, self.code) = (type, given, nil, code)
        }

        var testDescription: String { "\(self.type) \(self.given)" }
    }

    private static let cases: [Case] = [
        Case("text", "  north ", keeps: "north"), Case("text", 5, refused: "type"), Case("text", " ", refused: "blank"),
        Case("text", .string(String(repeating: "x", count: 2_001)), refused: "too_long"),
        Case("number", 10, keeps: "10"), Case("number", "007.50", keeps: "7.5"), Case("number", "-0", keeps: "0"),
        Case("number", "1.1234567", refused: "decimal"), Case("number", "ten", refused: "decimal"),
        Case("number", true, refused: "type"),
        Case("date", "2026-11-24", keeps: "2026-11-24"), Case("date", "2026-02-30", refused: "date"),
        Case("select", "emea", keeps: "emea"), Case("select", "mars", refused: "choice"),
        Case("select", "old", refused: "choice"), Case("select", ["emea"], refused: "type"),
        Case("multi_select", ["emea", "apac"], keeps: ["emea", "apac"]), Case("multi_select", "emea", refused: "type"),
        Case("multi_select", ["emea", "emea"], refused: "repeated"), Case("multi_select", ["old"], refused: "choice"),
        Case("boolean", false, keeps: false), Case("boolean", "false", refused: "type"),
        Case(
            "money",
            ["amount_minor": -5, "currency": "EUR"],
            keeps: ["amount_minor": -5, "currency": "EUR"]
        ),
        Case("money", ["amount_minor": 5], refused: "required"),
        Case("money", ["amount_minor": "5", "currency": "EUR"], refused: "type"),
        Case("reference", "00000000-0000-7000-8000-000000000001", refused: "unknown_reference"),
        Case("reference", "nobody", refused: "uuid"),
    ]

    @Test func `A value is judged by the type of its definition`() async throws {
        try await Sale.run { sale in
            let types = ["text", "number", "date", "select", "multi_select", "boolean", "money", "reference"]
            for type in types { _ = try await sale.define(type, type) }
            for one in Self.cases {
                let body: JSON = ["name": "D", "custom_fields": .object([one.type: one.given])]
                if let kept = one.kept {
                    let deal = try await sale.service.json("crm.deal.create/1", body: body)
                    #expect(deal["custom_fields"]?[one.type] == kept, "\(one.testDescription)")
                    let read = try await sale.service.json("crm.deal.get/1", ["id": try deal.id()])
                    #expect(read["custom_fields"] == deal["custom_fields"])
                } else {
                    let fault = await sale.service.refusal("crm.deal.create/1", body: body)
                    #expect(fault?.problems.map(\.code) == [one.code ?? ""], "\(one.testDescription)")
                    #expect(fault?.problems.first?.pointer.hasPrefix("/custom_fields/\(one.type)") == true)
                }
            }
            let company = try await sale.company()
            _ = try await sale.service.json(
                "crm.deal.create/1",
                body: ["name": "D", "custom_fields": ["reference": .string(company)]]
            )
        }
    }

    @Test func `Values are free until the first definition, and what a row had stays and can be cleared`() async throws
    {
        try await Sale.run { sale in
            let body: JSON = ["name": "D", "custom_fields": ["odd": ["x": 1], "seats": "many"]]
            let deal = try await sale.service.json("crm.deal.create/1", body: body)
            #expect(deal["custom_fields"] == ["odd": ["x": 1], "seats": "many"])
            _ = try await sale.define("seats", "number")
            let id = try deal.id()
            let change: (JSON, Int64) async throws -> JSON = { patch, version in
                try await sale.service.json("crm.deal.change/1", ["id": id], body: patch, ifMatch: version)
            }
            #expect(try await change(["name": "E"], 1)["custom_fields"] == deal["custom_fields"])
            #expect(try await change(["custom_fields": ["odd": .null]], 2)["custom_fields"] == ["seats": "many"])
            #expect(try await change(["custom_fields": ["seats": 4]], 3)["custom_fields"] == ["seats": "4"])
            let fault = await sale.service.refusal(
                "crm.deal.change/1",
                ["id": id],
                body: ["custom_fields": ["odd": 1, "seats": "x", "more": 2]],
                ifMatch: 4
            )
            #expect(
                fault.map { Set($0.problems.map { "\($0.pointer) \($0.code)" }) } == [
                    "/custom_fields/odd unknown_field", "/custom_fields/seats decimal",
                    "/custom_fields/more unknown_field",
                ]
            )
            // Another entity, and another organization, are as free as before.
            _ = try await sale.service.json(
                "crm.contact.create/1",
                body: ["last_name": "B", "custom_fields": ["odd": 1]]
            )
            _ = try await sale.service.neighbour.json("crm.deal.create/1", body: body)
        }
    }

    @Test func `What is required is asked of every new row, and nobody clears it`() async throws {
        try await Sale.run { sale in
            let old = try await sale.service.json("crm.deal.create/1", body: ["name": "Old"])
            _ = try await sale.define("region", "select", ["is_required": true])
            _ = try await sale.define("why", "text", ["is_required": true])
            for fields: JSON in [[:], ["region": .null]] {
                let body: JSON = ["name": "D", "custom_fields": fields]
                let fault = await sale.service.refusal("crm.deal.create/1", body: body)
                #expect(fault?.code == .validationFailed)
                #expect(
                    fault.map { Set($0.problems.map(\.pointer)) } == ["/custom_fields/region", "/custom_fields/why"]
                )
            }
            let rows: JSON = [["name": "A"], ["name": "B", "custom_fields": ["region": "emea", "why": "x"]]]
            let batch = try await sale.service.json("crm.deal.batch/1", body: ["mode": "partial", "rows": rows])
            #expect(batch["created"] == 1)
            #expect(batch["refused"] == 1)
            let id = try old.id()
            _ = try await sale.service.json(
                "crm.deal.change/1",
                ["id": id],
                body: ["name": "New", "custom_fields": ["region": "emea"]],
                ifMatch: 1
            )
            let fault = await sale.service.refusal(
                "crm.deal.change/1",
                ["id": id],
                body: ["custom_fields": ["region": .null]],
                ifMatch: 2
            )
            #expect(fault?.problems.map(\.code) == ["required"])
        }
    }

    @Test func `Values of a deleted definition are kept, not shown, not accepted, and come back with it`() async throws
    {
        try await Sale.run { sale in
            let region = try await sale.define("region", "select")
            _ = try await sale.define("seats", "number")
            let body: JSON = ["name": "D", "custom_fields": ["region": "emea", "seats": 1]]
            let deal = try await sale.service.json("crm.deal.create/1", body: body).id()
            let read = { try await sale.service.json("crm.deal.get/1", ["id": deal])["custom_fields"] }
            _ = try await sale.service.call("crm.custom_field.delete/1", ["id": region])
            #expect(try await read() == ["seats": "1"])
            #expect(
                await sale.service.refusal("crm.deal.create/1", body: body)?.problems.map(\.code) == ["unknown_field"]
            )
            let changed = try await sale.service.json(
                "crm.deal.change/1",
                ["id": deal],
                body: ["custom_fields": ["seats": 2]],
                ifMatch: 1
            )
            #expect(changed["custom_fields"] == ["seats": "2"])
            #expect(
                try await sale.service.json("crm.deal.list/1")["data"]?.array?.first?["custom_fields"] == ["seats": "2"]
            )
            _ = try await sale.service.json("crm.custom_field.restore/1", ["id": region])
            #expect(try await read() == ["region": "emea", "seats": "2"])
            let types = try await sale.service.events().map(\.type).filter { $0.hasPrefix("custom_field.") }
            #expect(
                types == [
                    "custom_field.created", "custom_field.created", "custom_field.deleted", "custom_field.restored",
                ]
            )
        }
    }

    @Test func `An archived option stays where it is, and options do not vanish`() async throws {
        try await Sale.run { sale in
            let region = try await sale.define("region", "select")
            let body: JSON = ["name": "D", "custom_fields": ["region": "emea"]]
            let deal = try await sale.service.json("crm.deal.create/1", body: body).id()
            let archived: JSON = [
                ["value": "emea", "label": "E", "is_archived": true], ["value": "apac", "label": "A"],
                ["value": "old", "label": "O", "is_archived": true],
            ]
            let change = "crm.custom_field.change/1"
            _ = try await sale.service.json(change, ["id": region], body: ["options": archived], ifMatch: 1)
            let same: JSON = ["custom_fields": ["region": "emea"], "name": "E"]
            _ = try await sale.service.json("crm.deal.change/1", ["id": deal], body: same, ifMatch: 1)
            #expect(await sale.service.refusal("crm.deal.create/1", body: body)?.problems.map(\.code) == ["choice"])
            let fewer: JSON = ["options": [["value": "apac", "label": "A"]]]
            let fault = await sale.service.refusal(change, ["id": region], body: fewer, ifMatch: 2)
            #expect(fault?.problems.map(\.code) == ["option_missing", "option_missing"])
        }
    }

    /// What a list is narrowed by, and the deals that it then has; a code where it is refused.
    private static let filters: [(asked: [String: String], found: String)] = [
        (["region": "emea"], "A C"), (["region": "old"], ""), (["region": "mars"], "choice"),
        (["region][in": "emea,apac"], "A B C"), (["region][gt": "a"], "type"),
        (["areas": "apac"], "A B"), (["areas": "apac", "region": "apac"], "B"),
        (["seats": "7.50"], "A"), (["seats][gte": "7.5"], "A B"), (["seats][gt": "7.5"], "B"),
        (["seats][lt": "0"], "C"),
        (["seats][gt": "ten"], "decimal"), (["seats][in": "7.5"], "type"),
        (["due": "2026-11-24"], "A"), (["due][lte": "2026-11-24"], "A B"), (["due": "soon"], "date"),
        (["budget][gt": "100"], "B"), (["budget": "100"], "A"), (["budget": "1.0"], "integer"),
        (["sure": "true"], "A"), (["sure": "yes"], "boolean"), (["why": "because"], "A"),
        (["nothing": "x"], "unknown_parameter"),
    ]

    @Test func `A list is narrowed by values of one's own`() async throws {
        try await Sale.run { sale in
            for (key, type) in [
                ("region", "select"), ("areas", "multi_select"), ("seats", "number"), ("due", "date"),
                ("budget", "money"), ("sure", "boolean"), ("why", "text"),
            ] { _ = try await sale.define(key, type) }
            let deals: [(String, JSON)] = [
                (
                    "A",
                    [
                        "region": "emea", "areas": ["emea", "apac"], "seats": "7.5", "due": "2026-11-24",
                        "budget": ["amount_minor": 100, "currency": "EUR"], "sure": true, "why": "because",
                    ]
                ),
                (
                    "B",
                    [
                        "region": "apac", "areas": ["apac"], "seats": 80, "due": "2025-01-01",
                        "budget": ["amount_minor": 101, "currency": "EUR"], "sure": false,
                    ]
                ),
                ("C", ["seats": -1]),
            ]
            for (name, fields) in deals {
                _ = try await sale.service.json(
                    "crm.deal.create/1",
                    body: ["name": .string(name), "custom_fields": fields]
                )
            }
            let last = try await sale.service.json("crm.deal.list/1", ["sort": "-created_at"])["data"]?.array?.first
            _ = try await sale.service.json(
                "crm.deal.change/1",
                ["id": try #require(last).id()],
                body: ["custom_fields": ["region": "emea"]],
                ifMatch: 1
            )
            for (asked, expected) in Self.filters {
                let input = Dictionary(uniqueKeysWithValues: asked.map { ("custom_fields[\($0.key)]", $0.value) })
                do {
                    let page = try await sale.service.json("crm.deal.list/1", input)
                    let names = (page["data"]?.array ?? []).compactMap { $0["name"]?.string }
                    #expect(names.sorted().joined(separator: " ") == expected, "\(asked)")
                } catch let fault as Fault {
                    #expect(fault.code == .invalidRequest)
                    #expect(fault.problems.map(\.code) == [expected], "\(asked)")
                }
            }
            let page = try await sale.service.json(
                "crm.deal.list/1",
                ["custom_fields[region]": "emea"],
                as: sale.service.stranger
            )
            #expect(page["data"]?.array?.isEmpty == true)
        }
    }

    @Test func `A definition is judged, unique, limited, and the business of admins`() async throws {
        try await Sale.run { sale in
            let wrong: [(JSONObject, String)] = [
                (["key": "Region"], "snake_case"), (["key": "9a"], "snake_case"), (["key": "_a"], "snake_case"),
                (["type": "select"], "options"), (["type": "reference"], "reference_to"),
                (["options": [["value": "a", "label": "A"]]], "options"), (["reference_to": "deal"], "reference_to"),
                (
                    ["type": "select", "options": [["value": "a", "label": "A"], ["value": "a", "label": "B"]]],
                    "duplicate"
                ),
                (["type": "select", "options": [["value": "a,b", "label": "A"]]], "comma"),
            ]
            for (members, code) in wrong {
                var body: JSONObject = ["entity": "deal", "key": "k", "label": "K", "type": "text"]
                for member in members.members { body[member.key] = member.value }
                let fault = await sale.service.refusal("crm.custom_field.create/1", body: .object(body))
                #expect(fault?.problems.map(\.code) == [code], "\(members)")
            }
            let body: JSON = ["entity": "deal", "key": "k", "label": "K", "type": "text"]
            let refused = await sale.service.refusal("crm.custom_field.create/1", body: body, role: .member)
            #expect(refused?.code == .forbidden)
            let first = try await sale.define("k", "text")
            #expect(await sale.service.refusal("crm.custom_field.create/1", body: body)?.code == .conflict)
            #expect(
                await sale.service.neighbour.refusal("crm.custom_field.get/1", ["id": first])?.code == .notFound
            )
            let retyped = await sale.service.refusal(
                "crm.custom_field.change/1",
                ["id": first],
                body: ["type": "number"],
                ifMatch: 1
            )
            #expect(retyped?.problems.map(\.code) == ["read_only"])
            for number in 1..<100 { _ = try await sale.define("k\(number)", "text") }
            let full: JSON = ["entity": "deal", "key": "one_more", "label": "K", "type": "text"]
            #expect(await sale.service.refusal("crm.custom_field.create/1", body: full)?.code == .conflict)
            let page = try await sale.service.json("crm.custom_field.list/1", ["entity": "deal"], role: .viewer)
            #expect(page["data"]?.array?.count == 50)
        }
    }
}

extension Sale {
    /// Defines a field of deals; the options are those of every test.
    func define(_ key: String, _ type: String, _ more: JSONObject = [:]) async throws -> String {
        var body: JSONObject = ["entity": "deal", "key": .string(key), "label": .string(key), "type": .string(type)]
        if type.hasSuffix("select") {
            body["options"] = [
                ["value": "emea", "label": "EMEA"], ["value": "apac", "label": "APAC"],
                ["value": "old", "label": "Old", "is_archived": true],
            ]
        }
        if type == "reference" { body["reference_to"] = "client_company" }
        for member in more.members { body[member.key] = member.value }
        return try await self.service.json("crm.custom_field.create/1", body: .object(body)).id()
    }
}
