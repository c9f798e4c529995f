/// How the numbers of a series are written: text with one `{number}` or `{number:5}`, and `{year}` where wanted.
///
/// The organization chooses it (identity), and who takes numbers writes by it (revenue): so it is known to both.
public struct NumberFormat: Hashable, Sendable {
    private let parts: [Part]

    public static let widthMax = 12
    public static let patternBytesMax = 40

    fileprivate enum Part: Hashable, Sendable {
        case text(String)
        case year
        case number(width: Int)
    }

    /// - Parameter pointer: where the pattern is in what was sent.
    public init(_ pattern: String, at pointer: String = "/pattern") throws(Rejection) {
        guard pattern.utf8.count <= Self.patternBytesMax else {
            throw .invalid(pointer, code: "too_long", "A pattern has \(Self.patternBytesMax) bytes at most.")
        }
        var parts: [Part] = []
        var rest = pattern[...]
        while !rest.isEmpty {
            let text = rest.prefix { $0 != "{" && $0 != "}" }
            if !text.isEmpty { parts.append(.text(String(text))) }
            rest = rest.dropFirst(text.count)
            guard let brace = rest.first else { break }
            guard brace == "{", let end = rest.firstIndex(of: "}"), let part = Part(rest[..<end].dropFirst()) else {
                throw .invalid(pointer, code: "malformed", "Braces hold year, number or number:WIDTH.")
            }
            parts.append(part)
            rest = rest[end...].dropFirst()
        }
        let numbers = parts.count { if case .number = $0 { true } else { false } }
        guard numbers == 1 else {
            throw .invalid(pointer, code: "one_number", "A pattern has exactly one number.")
        }
        self.parts = parts
    }

    /// Throws unless it says the year: a series begins again each year, and no two documents have one number.
    public func requireYear(at pointer: String) throws(Rejection) {
        guard self.parts.contains(.year) else {
            throw .invalid(pointer, code: "needs_year", "Numbers begin again each year: the pattern has {year} in it.")
        }
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
