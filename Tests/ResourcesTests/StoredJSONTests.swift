internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing

@testable internal import Resources

/// The form of a document that goes out with a row before the server has seen it must be the server's own.
@Suite struct StoredJSONTests {
    @Test(arguments: [
        "null", "true", "0", "-1", "1.50", "-0.5", "100000000000000000000000000000", #""""#, "{}", "[]",
        #"{"bb":1,"a":2,"ab":3,"B":{"z":[],"y":{}}}"#, #"["a\u0001b","\b\f\n\r\t\"\\/","\u007f","é€😀"]"#,
        #"{"é":1,"zz":2,"z":3,"":4}"#, "[[1,2],[3,[4]]]",
    ])
    func `a document is written as the server writes it`(text: String) async throws {
        let document = try JSON(parsing: text.utf8)
        let bytes = try #require(StoredJSON.bytes(of: document))
        #expect(try await Self.stored([document]) == [bytes])
    }

    @Test(arguments: ["1e2", "1E2", "-0", "-0.00", "[1,{\"a\":2e-1}]"])
    func `a number that would come back otherwise is left to the server`(text: String) throws {
        #expect(StoredJSON.bytes(of: try JSON(parsing: text.utf8)) == nil)
    }

    @Test func `thousands of made-up documents come back as they were sent`() async throws {
        var generator = Generator(seed: 20_261_123)
        let documents = (0..<2_000).map { _ in Self.document(depth: 4, &generator) }
        let stored = try await Self.stored(documents)
        for (document, bytes) in zip(documents, stored) { #expect(StoredJSON.bytes(of: document) == bytes) }
    }

    /// What the server makes of the documents as a client would have written them.
    private static func stored(_ documents: [JSON]) async throws -> [[UInt8]] {
        try await TestServer.shared.withDatabase([]) { database in
            var stored: [[UInt8]] = []
            for document in documents {
                let rows = try await database.read(.system, "SELECT $1::jsonb AS document", [.json(document.bytes)])
                stored.append(try rows[0].bytes("document"))
            }
            return stored
        }
    }

    private static func document(depth: Int, _ generator: inout Generator) -> JSON {
        switch generator.next(below: depth > 0 ? 7 : 5) {
        case 0: .null
        case 1: .bool(generator.next(below: 2) == 0)
        case 2: .int(Int64(generator.next(below: 2_000_000)) - 1_000_000)
        case 3, 4: .string(self.text(&generator))
        case 5: .array((0..<generator.next(below: 4)).map { _ in self.document(depth: depth - 1, &generator) })
        default:
            .object(
                (0..<generator.next(below: 5)).reduce(into: JSONObject()) { object, _ in
                    object[self.text(&generator)] = self.document(depth: depth - 1, &generator)
                }
            )
        }
    }

    private static let characters: [Character] = [
        "a", "b", "Z", "0", "\"", "\\", "/", "\n", "\u{1}", "\u{1f}", "\u{7f}", "é", "€", "😀", " ",
    ]

    private static func text(_ generator: inout Generator) -> String {
        String(
            (0..<generator.next(below: 6)).map { _ in self.characters[generator.next(below: self.characters.count)] }
        )
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same documents in every run.
private struct Generator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next(below bound: Int) -> Int {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var word = self.state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((word ^ (word >> 31)) % UInt64(bound))
    }
}
