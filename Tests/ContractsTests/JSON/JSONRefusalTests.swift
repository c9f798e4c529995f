internal import Contracts
internal import Testing

/// Texts that RFC 8259 forbids, or allows and we do not; with the byte that is blamed.
@Suite struct JSONRefusalTests {
    @Test(
        "A text that is not JSON is refused at the byte where it goes wrong",
        arguments: RefusedTexts.all
    )
    func refuses(text: String, offset: Int) {
        Self.expectFault(at: offset, in: Array(text.utf8))
    }

    @Test(
        "Bytes that are not UTF-8 are refused",
        arguments: [
            ([0x22, 0xFF, 0x22], 1), ([0x22, 0x80, 0x22], 1), ([0x22, 0xC3, 0x22], 1), ([0x22, 0x61, 0xE9, 0x22], 2),
            // Overlong spellings of / and NUL.
            ([0x22, 0xC0, 0xAF, 0x22], 1), ([0x22, 0xE0, 0x80, 0xAF, 0x22], 1),
            ([0x22, 0xF0, 0x80, 0x80, 0xAF, 0x22], 1),
            ([0x22, 0xC0, 0x80, 0x22], 1),
            // Surrogates written as UTF-8, beyond U+10FFFF, and forms longer than four bytes.
            ([0x22, 0xED, 0xA0, 0x80, 0x22], 1), ([0x22, 0xED, 0xA0, 0x81, 0xED, 0xB0, 0x80, 0x22], 1),
            ([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], 1), ([0x22, 0xF5, 0x80, 0x80, 0x80, 0x22], 1),
            ([0x22, 0xF8, 0x88, 0x80, 0x80, 0x80, 0x22], 1), ([0x22, 0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF, 0x22], 1),
            // Cut off by the quote, by an escape, and inside an escape.
            ([0x22, 0xE2, 0x82, 0x22], 1), ([0x22, 0xC3, 0x5C, 0x6E, 0xA9, 0x22], 1),
            ([0x22, 0x5C, 0x6E, 0xA9, 0x22], 3),
            ([0x22, 0x5C, 0xE5, 0x22], 2), ([0x22, 0x5C, 0x75, 0xE5, 0x22], 3),
            // In a name, outside a string, and other encodings.
            ([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], 2), ([0x5B, 0xFF, 0x5D], 1), ([0xE9], 0), ([0x31, 0xE5], 1),
            ([0x00, 0x5B, 0x00, 0x5D], 0), ([0x5B, 0x00, 0x5D, 0x00], 1), ([0xFF, 0xFE, 0x5B, 0x00], 0),
            // A byte order mark.
            ([0xEF, 0xBB, 0xBF, 0x7B, 0x7D], 0), ([0xEF, 0xBB, 0xBF], 0), ([0xEF, 0xBB, 0x7B, 0x7D], 0),
        ] as [([UInt8], Int)]
    )
    func refusesBytes(bytes: [UInt8], offset: Int) {
        Self.expectFault(at: offset, in: bytes)
    }

    @Test func `A fault says what is wrong and quotes nothing`() {
        let fault = #expect(throws: JSONFault.self) { try JSON(parsing: #"{"secret":hunter2}"#.utf8) }
        #expect(fault == JSONFault(offset: 10, reason: "a value is missing"))
        #expect(fault?.description == "a value is missing at byte 10")
    }

    private static func expectFault(at offset: Int, in bytes: [UInt8], _ location: SourceLocation = #_sourceLocation) {
        let fault = #expect(throws: JSONFault.self, sourceLocation: location) { try JSON(parsing: bytes) }
        #expect(fault?.offset == offset, "\(String(describing: fault))", sourceLocation: location)
    }
}
