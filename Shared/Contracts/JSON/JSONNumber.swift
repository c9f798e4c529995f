/// A number as it was written, so that nothing beyond 2^53 and no decimal place is lost on the way through.
///
/// Two numbers are equal if they are written alike: `1`, `1.0` and `1e0` differ, as they do in a signature or a hash
/// over the text. Compare `int64`, or the decimal types of `Vocabulary` made from `text`, where the amount matters.
public struct JSONNumber: Hashable, Sendable, CustomStringConvertible {
    /// The digits, in the grammar of RFC 8259 section 6.
    public let text: String

    public init(_ value: Int64) {
        self.text = String(value)
    }

    /// Nil unless the text is exactly one JSON number.
    public init?(_ text: String) {
        var copy = text
        let isNumber = copy.withUTF8 { utf8 in
            (try? JSONNumberScanner.end(in: UnsafeRawBufferPointer(utf8), from: 0)) == utf8.count
        }
        guard isNumber else {
            return nil
        }
        self.text = text
    }

    /// For the reader, which has checked the grammar.
    init(checked text: String) {
        self.text = text
    }

    /// The integer, if it is one and fits: `-0` is 0, and `2.0` is 2 as JSON Schema has it (2020-12 Core, 4.2.1). No exponents.
    public var int64: Int64? {
        Int64(self.text) ?? self.withoutZeros.flatMap { Int64($0) }
    }

    /// What is before the point, where nothing but zeros is behind it.
    private var withoutZeros: Substring? {
        let parts = self.text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[1].utf8.allSatisfy { $0 == UInt8(ascii: "0") } ? parts[0] : nil
    }

    public var description: String {
        self.text
    }
}

extension JSONNumber: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int64) {
        self.init(value)
    }
}
