internal import Contracts
internal import Vocabulary

/// What PostgreSQL answers for a document that was stored as `jsonb`: members by the length of their names and then by their bytes,
/// a blank behind each comma and colon, and numbers as `numeric` writes them (`jsonb.c` and `jsonb_util.c` of PostgreSQL).
///
/// A row is answered and told of in an event before the server says what it has stored. So what is sent is this form already:
/// the server gives it back unchanged.
enum StoredJSON {
    /// The document's text; `nil` where a number is written in a way that `numeric` would write otherwise.
    static func bytes(of document: JSON) -> [UInt8]? {
        var bytes: [UInt8] = []
        return Self.append(document, to: &bytes) ? bytes : nil
    }

    private static func append(_ value: JSON, to bytes: inout [UInt8]) -> Bool {
        switch value {
        case .null: bytes.append(contentsOf: "null".utf8)
        case .bool(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
        case .number(let number):
            guard Self.isCanonical(number.text) else { return false }
            bytes.append(contentsOf: number.text.utf8)
        case .string(let text): Self.append(text, to: &bytes)
        case .array(let elements):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { bytes.append(contentsOf: ", ".utf8) }
                guard Self.append(element, to: &bytes) else { return false }
            }
            bytes.append(UInt8(ascii: "]"))
        case .object(let object):
            bytes.append(UInt8(ascii: "{"))
            for (index, member) in object.members.sorted(by: Self.isBefore).enumerated() {
                if index > 0 { bytes.append(contentsOf: ", ".utf8) }
                Self.append(member.key, to: &bytes)
                bytes.append(contentsOf: ": ".utf8)
                guard Self.append(member.value, to: &bytes) else { return false }
            }
            bytes.append(UInt8(ascii: "}"))
        }
        return true
    }

    private static func isBefore(_ left: JSONObject.Member, _ right: JSONObject.Member) -> Bool {
        let (left, right) = (left.key.utf8, right.key.utf8)
        return left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
    }

    /// Whether `numeric` gives these digits back: no exponent, and no sign of a zero.
    private static func isCanonical(_ number: String) -> Bool {
        let digits = number.utf8
        guard digits.count <= Self.digitsMax,
            !digits.contains(where: { $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E") })
        else { return false }
        return digits.first != UInt8(ascii: "-")
            || digits.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
    }

    /// Far below what `numeric` holds behind its point (16,383 digits).
    private static let digitsMax = 1_000

    /// As `escape_json` of PostgreSQL does it.
    private static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            case 0x08: bytes.append(contentsOf: #"\b"#.utf8)
            case 0x0C: bytes.append(contentsOf: #"\f"#.utf8)
            case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
            case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
            case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
            case 0x00..<0x20:
                bytes.append(contentsOf: #"\u00"#.utf8)
                bytes.append(Hexadecimal.digit(byte >> 4))
                bytes.append(Hexadecimal.digit(byte & 0xF))
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
