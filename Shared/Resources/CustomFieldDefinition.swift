internal import Contracts
internal import Postgres

/// What a custom field holds.
enum CustomFieldType: String, CaseIterable, Sendable {
    case text, number, date, select
    case multiSelect = "multi_select"
    case boolean, money, reference

    /// Whether its values are compared as measures, and not as texts.
    var isMeasured: Bool { self == .number || self == .date || self == .money }

    var hasOptions: Bool { self == .select || self == .multiSelect }
}

/// What an organization has defined of one of its own fields, as far as a value is judged by it.
struct CustomFieldDefinition: Sendable {
    /// Characters of a text, and places of a number.
    static let textMax = 2_000
    static let placesMax = 6

    struct Option: Hashable, Sendable {
        let value: String
        let isArchived: Bool
    }

    let key: String
    let type: CustomFieldType
    let options: [Option]
    let referenceTo: String?
    let isRequired: Bool

    init(_ row: Row) throws {
        self.key = try row.text("key")
        self.type = try CustomFieldType(stored: try row.text("type"))
        self.options = try Self.options(in: row)
        self.referenceTo = try row.textOrNil("reference_to")
        self.isRequired = try row.bool("is_required")
    }

    static func options(in row: Row) throws -> [Option] {
        let stored = try row.bytesOrNil("options").map { try JSON(parsing: $0) }
        return (stored?.array ?? []).map { option in
            Option(value: option["value"]?.string ?? "", isArchived: option["is_archived"]?.bool ?? false)
        }
    }

    /// The value as it is stored; `nil`, with the problem reported, where it is none of this field. `current` is what the row has:
    /// an archived option is accepted where it is there already.
    func read(_ given: JSON, beside current: JSON?, _ decoder: inout InputDecoder) -> JSON? {
        var given = given
        if self.type == .number, case .number(let number) = given, let integer = number.int64 {
            given = .string(String(integer))
        }
        let known = decoder.problems.count
        let field = Field(self.key, self.kind(beside: current))
        let value = decoder.object(.object([self.key: given]), [field], at: CustomFieldSet.pointer)[self.key]
        guard let value, decoder.problems.count == known else { return nil }
        switch (self.type, value) {
        case (.number, .decimal(let text)):
            return .string(Self.canonical(text))
        case (.multiSelect, .list(let elements)) where Set(elements).count < elements.count:
            decoder.report("\(CustomFieldSet.pointer)/\(self.key)", .repeated, "An option is given twice.")
            return nil
        default:
            return value.json
        }
    }

    private func kind(beside current: JSON?) -> Field.Kind {
        switch self.type {
        case .text: .text(TextRule(lengthMax: Self.textMax))
        case .number: .decimal(places: Self.placesMax)
        case .date: .date
        case .select: .choice(self.accepted(beside: current))
        case .multiSelect: .list(.choice(self.accepted(beside: current)), countMax: self.options.count)
        case .boolean: .boolean
        case .money:
            .object([
                .money("amount_minor", -Field.minorUnitsMax...Field.minorUnitsMax).required(), .currency().required(),
            ])
        case .reference: .identifier
        }
    }

    var isMeasured: Bool { self.type.isMeasured }

    /// What a filter's value is read as.
    var filterKind: Field.Kind {
        switch self.type {
        case .select, .multiSelect: .choice(self.options.map(\.value))
        case .boolean: .boolean
        case .reference: .identifier
        case .text, .number, .date, .money: .text(TextRule(lengthMax: CustomFieldFilter.valueMax))
        }
    }

    private func accepted(beside current: JSON?) -> [String] {
        let had = Set((current?.array ?? []).compactMap(\.string) + [current?.string].compactMap { $0 })
        return self.options.filter { !$0.isArchived || had.contains($0.value) }.map(\.value)
    }

    /// One spelling for each number: `007.50` is kept as `7.5`.
    static func canonical(_ decimal: String) -> String {
        let parts = decimal.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
        let whole = parts[0].drop { $0 == "0" }
        var places = parts.count > 1 ? parts[1] : ""
        while places.last == "0" { places.removeLast() }
        let digits = (whole.isEmpty ? "0" : String(whole)) + (places.isEmpty ? "" : "." + String(places))
        return decimal.hasPrefix("-") && digits != "0" ? "-" + digits : digits
    }
}
