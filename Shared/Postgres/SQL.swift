/// Text of a statement, made of literals only.
///
/// A `String` cannot become `SQL`, and a literal with an interpolation does not compile, so that no value can be
/// spliced into a statement. What varies is bound as `$1`, or composed of fragments that are literals themselves.
public struct SQL: Hashable, Sendable {
    let text: String

    fileprivate init(composed text: String) {
        self.text = text
    }

    /// The name of a table, column or other object that a declaration in this repository gives.
    ///
    /// Only `[a-z_][a-z0-9_]*`: anything else is a mistake in the program, never a user's input.
    public init(identifier: String) {
        precondition(Self.isIdentifier(identifier), "not a plain SQL identifier: \(identifier)")
        self.text = identifier
    }

    public static func + (left: SQL, right: SQL) -> SQL {
        SQL(composed: left.text + right.text)
    }

    public static func += (left: inout SQL, right: SQL) {
        left = left + right
    }

    /// The placeholder of the `number`th bound value: `$1`, `$2`, …
    public static func parameter(_ number: Int) -> SQL {
        precondition(
            (1...SQLValue.parametersMax).contains(number),
            "a statement binds $1 to $\(SQLValue.parametersMax)"
        )
        return SQL(composed: "$\(number)")
    }

    private static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, first == UInt8(ascii: "_") || Self.isLetter(first) else { return false }
        return text.utf8.allSatisfy { $0 == UInt8(ascii: "_") || Self.isLetter($0) || Self.isDigit($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

extension SQL: ExpressibleByStringLiteral {
    /// `StaticString` refuses interpolation at compile time.
    public init(stringLiteral literal: StaticString) {
        self.text = literal.description
    }
}

extension Sequence<SQL> {
    /// The fragments in their order with `separator` between them.
    public func joined(separator: SQL = "") -> SQL {
        SQL(composed: self.map(\.text).joined(separator: separator.text))
    }
}

extension SQL: CustomStringConvertible {
    public var description: String { self.text }
}
