internal import Contracts
internal import Testing

/// Depth, size and time of what is read.
@Suite struct JSONLimitsTests {
    private static func nested(_ depth: Int, _ open: String, _ inside: String, _ close: String) -> [UInt8] {
        Array((String(repeating: open, count: depth) + inside + String(repeating: close, count: depth)).utf8)
    }

    @Test(arguments: [("[", "", "]"), (#"{"a":"#, "1", "}"), (#"[{"a":"#, "[]", "}]")])
    func `Thirty-two containers may be inside one another, and not one more`(
        open: String,
        inside: String,
        close: String
    )
        throws
    {
        #expect(JSONLimits.depthMax == 32)
        let each = open.hasPrefix("[{") ? 2 : 1
        let innermost = inside == "[]" ? 1 : 0
        let most = (32 - innermost) / each
        let value = try JSON(parsing: Self.nested(most, open, inside, close))
        #expect(try JSON(parsing: value.bytes) == value)
        let fault = #expect(throws: JSONFault.self) {
            try JSON(parsing: Self.nested(most + 1, open, inside, close))
        }
        #expect(fault?.reason == "more than 32 values inside one another")
    }

    @Test func `A caller may ask for another depth`() throws {
        #expect(throws: JSONFault(offset: 0, reason: "more than 0 values inside one another")) {
            try JSON(parsing: "[]".utf8, depthMax: 0)
        }
        #expect(try JSON(parsing: "1".utf8, depthMax: 0) == 1)
        #expect(
            try JSON(parsing: Self.nested(512, "[", "", "]"), depthMax: JSONLimits.depthCeiling).bytes.count == 1024
        )
        #expect(throws: JSONFault.self) {
            try JSON(parsing: Self.nested(513, "[", "", "]"), depthMax: JSONLimits.depthCeiling)
        }
    }

    @Test func `Siblings are not depth`() throws {
        let bytes = Array(("[" + repeatElement("[[]]", count: 1000).joined(separator: ",") + "]").utf8)
        #expect(try JSON(parsing: bytes).array?.count == 1000)
    }

    @Test(arguments: ["[", #"{"a":"#, #"[{"":"#])
    func `A megabyte of openings is refused at the limit`(opening: String) {
        let bytes = Array(String(repeating: opening, count: 1_048_576 / opening.utf8.count).utf8)
        let fault = #expect(throws: JSONFault.self) { try JSON(parsing: bytes) }
        #expect(fault?.offset ?? .max <= 33 * opening.utf8.count)
    }

    @Test func `A large object is read whole, and a name given twice in it is found`() throws {
        let names = (0..<20_000).map { "name \($0)" }
        let members = names.map { "\"\($0)\":1" }.joined(separator: ",")
        #expect(try JSON(parsing: "{\(members)}".utf8).object?.keys == names)
        #expect(throws: JSONFault(offset: members.utf8.count + 2, reason: "an object has a name twice")) {
            try JSON(parsing: #"{\#(members),"name 7":1}"#.utf8)
        }
    }

    @Test(arguments: [1, 2, 8, 31, 32, 33, 100])
    func `A name given twice is found in objects of every size`(size: Int) throws {
        let names = (0..<size).map { "n\($0)" }
        let members = names.map { "\"\($0)\":0" }.joined(separator: ",")
        #expect(try JSON(parsing: "{\(members)}".utf8).object?.count == size)
        for name in names {
            #expect(throws: JSONFault(offset: members.utf8.count + 2, reason: "an object has a name twice")) {
                try JSON(parsing: "{\(members),\"\(name)\":0}".utf8)
            }
        }
    }

    @Test func `Strings and numbers of a megabyte are read`() throws {
        let digits = String(repeating: "9", count: 1_000_000)
        #expect(try JSON(parsing: digits.utf8).number?.text == digits)
        #expect(try JSON(parsing: digits.utf8).int64 == nil)
        let text = String(repeating: "\\\"é", count: 250_000)
        #expect(try JSON(parsing: JSON.string(text).bytes).string == text)
    }
}
