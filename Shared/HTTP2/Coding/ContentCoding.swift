/// Negotiation of a content coding by `accept-encoding` (RFC 9110, 12.5.3).
public enum ContentCoding {
    /// Whether the field's value accepts `coding`: named, or covered by `*`, with a weight above zero.
    /// An absent field accepts nothing here: an answer nobody asked to be compressed stays plain.
    public static func accepts(_ coding: String, _ header: String?) -> Bool {
        guard let header else { return false }
        var wildcard = false
        for element in header.utf8.split(separator: UInt8(ascii: ",")) {
            let parts = element.split(separator: UInt8(ascii: ";"))
            guard let name = parts.first.map(Self.trimmed) else { continue }
            let isWanted = Self.weight(parts.dropFirst()) > 0
            if Self.equal(name, coding) || (coding == "gzip" && Self.equal(name, "x-gzip")) { return isWanted }
            if name.elementsEqual("*".utf8) { wildcard = isWanted }
        }
        return wildcard
    }

    /// The `q` parameter in thousandths: 1000 when there is none, 0 when it is malformed.
    private static func weight(_ parameters: ArraySlice<Substring.UTF8View>) -> Int {
        for parameter in parameters {
            let pair = parameter.split(separator: UInt8(ascii: "="), maxSplits: 1).map(Self.trimmed)
            guard pair.count == 2, Self.equal(pair[0], "q") else { continue }
            return Self.thousandths(pair[1]) ?? 0
        }
        return 1_000
    }

    /// `0`, `0.5`, `1.000`: a digit and up to three decimals, at most 1.
    private static func thousandths(_ text: Substring.UTF8View) -> Int? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), parts[0].count == 1, let whole = parts[0].first else { return nil }
        guard whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1") else { return nil }
        var value = Int(whole - UInt8(ascii: "0")) * 1_000
        var unit = 100
        if parts.count == 2 {
            guard parts[1].count <= 3 else { return nil }
            for digit in parts[1] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
                value += Int(digit - UInt8(ascii: "0")) * unit
                unit /= 10
            }
        }
        return value <= 1_000 ? value : nil
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var text = text.drop(while: isSpace)
        while let last = text.last, isSpace(last) {
            text = text.dropLast()
        }
        return text
    }

    private static func equal(_ text: Substring.UTF8View, _ lowercase: String) -> Bool {
        text.count == lowercase.utf8.count
            && zip(text, lowercase.utf8).allSatisfy { byte, expected in
                (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 == expected : byte == expected
            }
    }
}
