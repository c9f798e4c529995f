/// How a request can be at odds with its schema: the codes of problems that follow from the API's document alone. All other codes are
/// rules, which depend on what is stored, on other fields, on the caller or on the clock.
public enum SchemaCode: String, CaseIterable, Sendable {
    case blank, boolean, character, choice, currency, date, decimal, email, instant, integer, json, malformed, number
    case outOfRange = "out_of_range"
    case phone
    case readOnly = "read_only"
    case repeated, required, sha256
    case timeZone = "time_zone"
    case tooLarge = "too_large"
    case tooLong = "too_long"
    case tooMany = "too_many"
    case tooShort = "too_short"
    case type
    case unknownField = "unknown_field"
    case unknownParameter = "unknown_parameter"
    case uri, uuid
}

extension Problem {
    public init(_ pointer: String, _ code: SchemaCode, _ detail: String) {
        self.init(pointer, code.rawValue, detail)
    }
}
