/// Bytes as text that is safe in URLs and headers: RFC 4648 section 5, without padding.
///
/// There is exactly one text for given bytes. Cursors and assertions are compared and signed as text, so a second
/// spelling, by padding, white space or stray bits at the end, is refused.
public enum Base64URL {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    public static func encode(_ bytes: [UInt8]) -> String {
        String(decoding: self.encoded(bytes), as: UTF8.self)
    }

    /// As `encode`, as UTF-8 bytes.
    public static func encoded(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 6 {
                bitCount -= 6
                text.append(self.alphabet.utf8Start[Int(bits >> UInt32(bitCount) & 63)])
            }
        }
        if bitCount > 0 {
            text.append(self.alphabet.utf8Start[Int(bits << UInt32(6 - bitCount) & 63)])
        }
        return text
    }

    public static func decode(_ text: String) -> [UInt8]? {
        self.decode(Array(text.utf8))
    }

    /// Nil unless `encoded` could have made the text.
    public static func decode(_ text: [UInt8]) -> [UInt8]? {
        guard text.count % 4 != 1 else {
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for character in text {
            guard let value = self.value(of: character) else {
                return nil
            }
            bits = bits << 6 | value
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        guard bits & (1 << UInt32(bitCount) - 1) == 0 else {
            return nil
        }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
            UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"):
            UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
            UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"):
            62
        case UInt8(ascii: "_"):
            63
        default:
            nil
        }
    }
}
