/// Bytes as people compare them and as files hold keys: two lowercase digits a byte. No other spelling is read, so that equal
/// bytes are equal texts; whoever takes a person's spelling makes it lowercase first.
public enum Hexadecimal {
    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[index * 2] = self.digit(byte >> 4)
                buffer[index * 2 + 1] = self.digit(byte & 0xF)
            }
            return bytes.count * 2
        }
    }

    /// The character of a number below 16.
    @inlinable
    public static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
    }

    /// Writes as many digits of a number as `text` has bytes: its last ones, the most significant of these first.
    public static func write(_ value: UInt64, into text: UnsafeMutableBufferPointer<UInt8>) {
        for index in text.indices {
            let shift = UInt64(4 * (text.count - 1 - index))
            text[index] = self.digit(UInt8(truncatingIfNeeded: value >> shift & 0xF))
        }
    }

    /// `nil` for an odd number of digits and for anything that is none.
    public static func decode(_ text: String) -> [UInt8]? {
        guard text.utf8.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count / 2)
        var high: UInt8?
        for character in text.utf8 {
            let digit: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }
}
