internal import Contracts
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct BatchTests {
    private static let rows: JSON = [["name": "a"], ["name": "cursed"], ["name": "b", "size": 999], ["name": "c"]]

    @Test func `A partial batch answers each row`() async throws {
        try await Workshop.run { shop in
            let answer = try await shop.json("shop.gadget.batch/1", body: ["mode": "partial", "rows": Self.rows])
            #expect(answer["created"] == 2)
            #expect(answer["refused"] == 2)
            #expect(answer["results"]?.array?.map { $0["status"] } == [201, 409, 422, 201])
            #expect(answer["results"]?.array?[2]["error"]?["errors"]?.array?.first?["pointer"] == "/rows/2/size")
            #expect(try await shop.names(["sort": "name"]) == ["a", "c"])
            #expect(try await shop.events("gadget.created").count == 2)
        }
    }

    @Test func `An atomic batch is whole or nothing`() async throws {
        try await Workshop.run { shop in
            let invalid = await shop.refusal("shop.gadget.batch/1", body: ["mode": "atomic", "rows": Self.rows])
            #expect(invalid?.code == .validationFailed)
            let cursed = await shop.refusal(
                "shop.gadget.batch/1",
                body: ["mode": "atomic", "rows": [["name": "a"], ["name": "cursed"]]]
            )
            #expect(cursed?.code == .conflict)
            #expect(cursed?.problems.map(\.pointer) == ["/rows/1"])
            let list = try await shop.list()
            #expect(list["data"] == [])
            #expect(try await shop.events().isEmpty)
            let rows = (0..<200).map { JSON.object(["name": .string("g\($0)")]) }
            #expect(
                try await shop.json("shop.gadget.batch/1", body: ["mode": "atomic", "rows": .array(rows)])["created"]
                    == 200
            )
            #expect(
                await shop.refusal("shop.gadget.batch/1", body: ["mode": "atomic", "rows": .array(rows + [rows[0]])])?
                    .code == .validationFailed
            )
        }
    }

    /// Rows are sent together, so that the server's refusal does not say whose fault it is; then each is tried by itself.
    @Test(arguments: ["atomic", "partial"])
    func `What only the server can refuse is still placed at its row`(mode: String) async throws {
        try await Workshop.run { shop in
            let taken = try await shop.gadget(["name": "first", "external_id": "taken"])
            let rows: JSON = [
                ["name": "a"], ["name": "b", "external_id": "taken"], ["name": "c", "external_id": "free"],
            ]
            if mode == "atomic" {
                let refusal = await shop.refusal("shop.gadget.batch/1", body: ["mode": "atomic", "rows": rows])
                #expect(refusal?.problems.map(\.pointer) == ["/rows/1/external_id"])
                #expect(try await shop.names(["sort": "name"]) == ["first"])
            } else {
                let answer = try await shop.json("shop.gadget.batch/1", body: ["mode": "partial", "rows": rows])
                #expect(answer["results"]?.array?.map { $0["status"] } == [201, 409, 201])
                #expect(try await shop.names(["sort": "name"]) == ["a", "c", "first"])
                #expect(try await shop.events("gadget.created").count == 3)
            }
            #expect(taken["version"] == 1)
        }
    }

    @Test(arguments: ["atomic", "partial"])
    func `What rows refer to is looked up for all of them, and missed at its row`(mode: String) async throws {
        try await Workshop.run { shop in
            let (one, other) = (try await shop.maker("One"), try await shop.maker("Other"))
            let good: [JSON] = [one, other, one].map { ["name": "g", "maker_id": .string($0)] }
            let body: (JSON) -> JSON = { ["mode": .string(mode), "rows": $0] }
            #expect(try await shop.json("shop.gadget.batch/1", body: body(.array(good)))["created"] == 3)
            let stray: JSON = ["name": "s", "maker_id": .string(Identifier.random().description)]
            let rows = JSON.array([good[0], stray, good[1]])
            let problems: [String?]
            if mode == "atomic" {
                problems = await shop.refusal("shop.gadget.batch/1", body: body(rows))?.problems.map(\.pointer) ?? []
            } else {
                let answer = try await shop.json("shop.gadget.batch/1", body: body(rows))
                #expect(answer["created"] == 2)
                problems = answer["results"]?.array?[1]["error"]?["errors"]?.array?.map { $0["pointer"]?.string } ?? []
            }
            #expect(problems == ["/rows/1/maker_id"])
            #expect(try await shop.names([:]).count == (mode == "atomic" ? 3 : 5))
        }
    }

    /// A batch may be as long as a frame, and what it created is longer than what was sent.
    static let longRows = (0..<60).map { index in
        JSON.object([
            "name": .string("m\(index)"),
            "custom_fields": ["notes": .string(String(repeating: "n", count: 16_000))],
        ])
    }

    @Test(arguments: [false, true])
    func `A large batch's answer leaves objects out before it is too large`(isDryRun: Bool) async throws {
        try await Workshop.run { shop in
            let reply = try await shop.call(
                "shop.maker.batch/1",
                body: ["mode": "atomic", "rows": .array(Self.longRows)]
            ) { $0.isDryRun = isDryRun }
            #expect(reply.body.count < Reply.bytesEnough + 64 * 1_024)
            let whole = try JSON(parsing: reply.body)
            let answer = isDryRun ? whole["result"] ?? .null : whole
            let results = try #require(answer["results"]?.array)
            #expect(results.count == 60)
            #expect(results.allSatisfy { $0["status"] == 201 && $0["id"]?.string != nil })
            #expect(results.first?["object"] != nil)
            #expect(results.last?["object"] == nil)
        }
    }
}
