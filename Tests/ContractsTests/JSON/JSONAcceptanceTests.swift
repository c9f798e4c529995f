internal import Contracts
internal import Testing

/// Texts that RFC 8259 allows, and how the writer puts the value they hold.
@Suite struct JSONAcceptanceTests {
    @Test(
        "A text of RFC 8259 is read, and written back without white space",
        arguments: AcceptedTexts.all
    )
    func accepts(text: String, written: String) throws {
        let value = try JSON(parsing: text.utf8)
        #expect(value.description == written)
        #expect(try JSON(parsing: value.bytes) == value)
    }

    @Test("A quote, an escape and a byte of UTF-8 are found wherever they stand in a word of eight", arguments: 0..<20)
    func alignment(before: Int) throws {
        for middle in ["", "é", "\"", "\\", "\u{1}", "\u{80}", "\u{7F}", " ", "!", "\u{1F}", "¢\"¢"] {
            for after in 0..<20 {
                let text = String(repeating: "x", count: before) + middle + String(repeating: "y", count: after)
                #expect(try JSON(parsing: JSON.string(text).bytes) == .string(text))
                #expect(try JSON(parsing: JSON.object(["k": .string(text)]).bytes)["k"] == .string(text))
            }
        }
    }

    @Test func `Any collection of bytes is read alike`() throws {
        let text = #"{"a":[1,2.50,"\u00e9"]}"#
        let expected: JSON = ["a": [1, .number(try #require(JSONNumber("2.50"))), "é"]]
        #expect(try JSON(parsing: Array(text.utf8)) == expected)
        #expect(try JSON(parsing: text.utf8) == expected)
        #expect(try JSON(parsing: Array("  \(text)##".utf8).dropLast(2)) == expected)
        #expect(try JSON(parsing: text.utf8.reversed().reversed() as [UInt8]) == expected)
        #expect(try JSON(parsing: repeatElement(UInt8(ascii: "7"), count: 3)) == 777)
        let borrowed = Array(text.utf8).withUnsafeBytes { try? JSON(parsing: $0) }
        #expect(borrowed == expected)
    }
}
