internal import Vocabulary

/// Reads the text forms of PostgreSQL's types, as a session with `DateStyle` ISO, `TimeZone` UTC and hex `bytea` writes them.
enum ColumnText {
    static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = bytes.first == UInt8(ascii: "-")
        let digits = isNegative ? bytes.dropFirst() : bytes[...]
        guard !digits.isEmpty else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard let digit = Self.digit(byte) else { return nil }
            let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflows) =
                isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
            guard !overflowed, !overflows else { return nil }
            value = sum
        }
        return value
    }

    static func boolean(_ bytes: UnsafeRawBufferPointer) -> Bool? {
        guard bytes.count == 1 else { return nil }
        switch bytes[0] {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: return nil
        }
    }

    /// `2026-11-22 23:54:34.123456+00`, with none to six digits of fraction.
    static func instant(_ bytes: UnsafeRawBufferPointer) -> Instant? {
        guard
            bytes.count >= 22, bytes.suffix(3).elementsEqual("+00".utf8),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"), bytes[10] == UInt8(ascii: " "),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = Self.number(bytes, 0..<4), let month = Self.number(bytes, 5..<7),
            let day = Self.number(bytes, 8..<10), let hour = Self.number(bytes, 11..<13),
            let minute = Self.number(bytes, 14..<16), let second = Self.number(bytes, 17..<19),
            let date = LocalDate(year: year, month: month, day: day)
        else { return nil }
        var fraction = 0
        if bytes.count > 22 {
            let digits = 20..<(bytes.count - 3)
            guard bytes[19] == UInt8(ascii: "."), digits.count <= 6, let value = Self.number(bytes, digits) else {
                return nil
            }
            fraction = value
            for _ in digits.count..<6 { fraction *= 10 }
        }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3_600 + minute * 60 + second
        return Instant(microseconds: Int64(seconds) * 1_000_000 + Int64(fraction))
    }

    /// `\x0123ab`.
    static func binary(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        guard bytes.starts(with: #"\x"#.utf8), bytes.count % 2 == 0 else { return nil }
        var binary: [UInt8] = []
        binary.reserveCapacity(bytes.count / 2 - 1)
        for index in stride(from: 2, to: bytes.count, by: 2) {
            guard let high = Self.nibble(bytes[index]), let low = Self.nibble(bytes[index + 1]) else { return nil }
            binary.append(high << 4 | low)
        }
        return binary
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        guard !range.isEmpty else { return nil }
        var value = 0
        for index in range {
            guard let digit = Self.digit(bytes[index]) else { return nil }
            value = value * 10 + Int(digit)
        }
        return value
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int64(byte - UInt8(ascii: "0")) : nil
    }

    private static func nibble(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
