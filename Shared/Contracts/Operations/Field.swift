/// One named value of a request, a response or a stored resource: the single declaration from which validation, SQL columns,
/// JSON schemas, filters and redaction are derived.
public struct Field: Hashable, Sendable {
    public let name: String
    public let kind: Kind
    /// A create or a request without it is refused.
    public private(set) var isRequired = false
    /// `null` is accepted and may be answered.
    public private(set) var isNullable = false
    public private(set) var writing: Writing = .always
    public private(set) var isFilterable = false
    /// Told in no event.
    public private(set) var isUntold = false
    public private(set) var isSortable = false
    /// What the declaration itself says of a log; read `sensitivity`, which knows the rule of the kind too.
    private(set) var declaredSensitivity: Sensitivity?
    /// What an answer carries beside this id where it is asked to: the object itself, under this name.
    public private(set) var embedded: String?
    public private(set) var summary = ""
    public private(set) var example: JSON?
    public private(set) var defaultValue: JSON?

    /// Who may set a field of a resource, and when.
    public enum Writing: String, Hashable, Sendable {
        case always
        case onCreate
        case never
    }

    /// What a value looks like, with its limits.
    public indirect enum Kind: Hashable, Sendable {
        case text(TextRule)
        case integer(ClosedRange<Int64>)
        case boolean
        /// A decimal number as a string, with at most this many places.
        case decimal(places: Int)
        case identifier
        case instant
        case date
        case choice([String])
        case object([Field])
        case list(Kind, countMax: Int)
        /// A free JSON object that is stored and returned as it came, up to this many bytes.
        case document(bytesMax: Int)
    }

    public init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// Limits and form of a text value. Lengths count Unicode scalars.
///
/// White space around a text is no part of it: `" Acme "` is stored, found and compared as `"Acme"`, because nobody who types or
/// pastes it means the blanks. So lengths count what is left, and a text of nothing but white space and invisible characters is
/// refused as `blank` wherever a character is required; to clear a field is to send `null`. Inside, spaces and line ends stay as
/// they came; other control characters are refused. A password alone is taken to the letter.
public struct TextRule: Hashable, Sendable {
    /// What a text must look like besides its length.
    public enum Format: String, Hashable, Sendable {
        case plain
        case email
        case uri
        case phone
        case currency
        case timeZone = "time-zone"
        case sha256
        case password
    }

    public var lengthMin: Int
    public var lengthMax: Int
    public var format: Format

    public init(lengthMin: Int = 1, lengthMax: Int, format: Format = .plain) {
        self.lengthMin = lengthMin
        self.lengthMax = lengthMax
        self.format = format
    }
}

// MARK: - Making fields

extension Field {
    public static func text(_ name: String, max: Int, min: Int = 1, _ format: TextRule.Format = .plain) -> Field {
        Field(name, .text(TextRule(lengthMin: min, lengthMax: max, format: format)))
    }

    public static func email(_ name: String) -> Field {
        Field.text(name, max: 254, min: 3, .email)
    }

    public static func integer(_ name: String, _ range: ClosedRange<Int64>) -> Field {
        Field(name, .integer(range))
    }

    /// An amount in minor units. The bound keeps any sum of 200 lines within `Int64`.
    public static func money(_ name: String, _ range: ClosedRange<Int64> = 0...Field.minorUnitsMax) -> Field {
        Field(name, .integer(range))
    }

    /// The largest amount one field holds: 10 trillion units of a two-decimal currency.
    public static let minorUnitsMax: Int64 = 1_000_000_000_000_000

    public static func currency(_ name: String = "currency") -> Field {
        Field.text(name, max: 3, min: 3, .currency).example(.string("USD"))
    }

    public static func boolean(_ name: String) -> Field { Field(name, .boolean) }
    public static func decimal(_ name: String, places: Int) -> Field { Field(name, .decimal(places: places)) }
    public static func identifier(_ name: String) -> Field { Field(name, .identifier) }
    public static func instant(_ name: String) -> Field { Field(name, .instant) }
    public static func date(_ name: String) -> Field { Field(name, .date) }

    public static func choice(_ name: String, _ values: [String]) -> Field { Field(name, .choice(values)) }

    public static func choice<Choice>(_ name: String, _: Choice.Type) -> Field
    where Choice: RawRepresentable<String> & CaseIterable {
        Field(name, .choice(Choice.allCases.map(\.rawValue)))
    }

    public static func object(_ name: String, _ fields: [Field]) -> Field { Field(name, .object(fields)) }

    public static func list(_ name: String, of kind: Kind, countMax: Int) -> Field {
        Field(name, .list(kind, countMax: countMax))
    }

    public static func list(_ name: String, of fields: [Field], countMax: Int) -> Field {
        Field(name, .list(.object(fields), countMax: countMax))
    }

    public static func document(_ name: String, bytesMax: Int = 65_536) -> Field {
        Field(name, .document(bytesMax: bytesMax))
    }
}

// MARK: - Saying more of a field

extension Field {
    private func with(_ change: (inout Field) -> Void) -> Field {
        var copy = self
        change(&copy)
        return copy
    }

    public func required() -> Field { self.with { $0.isRequired = true } }
    public func nullable() -> Field { self.with { $0.isNullable = true } }
    public func readOnly() -> Field { self.with { $0.writing = .never } }
    public func onCreate() -> Field { self.with { $0.writing = .onCreate } }
    public func filterable() -> Field { self.with { $0.isFilterable = true } }
    public func sortable() -> Field { self.with { $0.isSortable = true } }
    /// Keeps a value out of the events that tell of its row: what they say is kept for good, in every service and in hash chains, and
    /// a person's name or address must be possible to forget. Whoever needs it reads it where it is kept, by the row's id.
    public func untold() -> Field { self.with { $0.isUntold = true } }
    public func redacted(_ sensitivity: Sensitivity) -> Field { self.with { $0.declaredSensitivity = sensitivity } }
    /// Another field with the values of this one, as a filter is.
    public func redacted(like field: Field) -> Field { self.with { $0.declaredSensitivity = field.sensitivity } }
    public func described(_ summary: String) -> Field { self.with { $0.summary = summary } }
    public func embedding(_ name: String) -> Field { self.with { $0.embedded = name } }
    public func example(_ example: JSON) -> Field { self.with { $0.example = example } }
    public func defaulting(to value: JSON) -> Field { self.with { $0.defaultValue = value } }
}
