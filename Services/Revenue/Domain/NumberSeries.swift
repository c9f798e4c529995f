public import Vocabulary

/// How the numbers of a series are written: text with one `{number}` or `{number:5}`, and `{year}` where wanted.
public struct NumberFormat: Hashable, Sendable {
    private let parts: [Part]

    public static let widthMax = 12
    public static let patternBytesMax = 40

    fileprivate enum Part: Hashable, Sendable {
        case text(String)
        case year
        case number(width: Int)
    }

    public init(_ pattern: String) throws(Rejection) {
        guard pattern.utf8.count <= Self.patternBytesMax else {
            throw .invalid("/pattern", code: "too_long", "A pattern has \(Self.patternBytesMax) bytes at most.")
        }
        var parts: [Part] = []
        var rest = pattern[...]
        while !rest.isEmpty {
            let text = rest.prefix { $0 != "{" && $0 != "}" }
            if !text.isEmpty { parts.append(.text(String(text))) }
            rest = rest.dropFirst(text.count)
            guard let brace = rest.first else { break }
            guard brace == "{", let end = rest.firstIndex(of: "}"), let part = Part(rest[..<end].dropFirst()) else {
                throw .invalid("/pattern", code: "malformed", "Braces hold year, number or number:WIDTH.")
            }
            parts.append(part)
            rest = rest[end...].dropFirst()
        }
        let numbers = parts.count { if case .number = $0 { true } else { false } }
        guard numbers == 1 else {
            throw .invalid("/pattern", code: "one_number", "A pattern has exactly one number.")
        }
        self.parts = parts
    }

    public func text(number: Int64, on date: LocalDate) -> String {
        self.parts.reduce(into: "") { text, part in
            switch part {
            case .text(let literal): text += literal
            case .year: text += Self.padded(Int64(date.year), 4)
            case .number(let width): text += Self.padded(number, width)
            }
        }
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

extension NumberFormat.Part {
    fileprivate init?(_ name: Substring) {
        if name == "year" {
            self = .year
        } else if name == "number" {
            self = .number(width: 1)
        } else if name.hasPrefix("number:"), let width = Int(name.dropFirst("number:".count)),
            (1...NumberFormat.widthMax).contains(width)
        {
            self = .number(width: width)
        } else {
            return nil
        }
    }
}

/// The evidence that a series has no gap.
public struct NumberSeriesProof: Hashable, Sendable {
    public let first: Int64?
    public let last: Int64?
    public let count: Int
    /// At most ``missingMax`` of them; a series without gaps has none.
    public let missing: [Int64]

    public static let missingMax = 1_000

    /// Examines the numbers in use, in any order.
    public init(of numbers: [Int64]) {
        let sorted = numbers.sorted()
        var missing: [Int64] = []
        for (number, next) in zip(sorted, sorted.dropFirst()) where next > number + 1 {
            for gap in (number + 1)..<next {
                guard missing.count < Self.missingMax else { break }
                missing.append(gap)
            }
        }
        self.first = sorted.first
        self.last = sorted.last
        self.count = sorted.count
        self.missing = missing
    }
}
