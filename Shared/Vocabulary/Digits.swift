/// Reads the fixed parts of dates and times without Foundation: a cursor over UTF-8 that takes what it expects.
struct Digits {
    private var bytes: Substring.UTF8View

    init(_ text: String) {
        self.bytes = text[...].utf8
    }

    var isAtEnd: Bool { self.bytes.isEmpty }

    /// Takes exactly `count` decimal digits.
    mutating func number(of count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let byte = self.bytes.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
                return nil
            }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            self.bytes.removeFirst()
        }
        return value
    }

    /// Takes one byte if it is one of `choices`.
    mutating func take(_ choices: UInt8...) -> UInt8? {
        guard let byte = self.bytes.first, choices.contains(byte) else { return nil }
        self.bytes.removeFirst()
        return byte
    }

    /// Writes `value` with at least `width` digits.
    static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
