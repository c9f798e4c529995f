internal import Contracts
internal import Resources
internal import TestKit
internal import Testing

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
