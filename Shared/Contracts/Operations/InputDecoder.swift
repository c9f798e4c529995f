internal import Vocabulary

/// Reads JSON and text parameters by their declarations and collects every problem in one pass.
public struct InputDecoder {
    /// Whether a body is a whole object or a merge patch (RFC 7396) of one.
    public enum Mode: Sendable {
        /// Required fields must be there; defaults fill in.
        case whole
        /// RFC 7396: what is absent stays, `null` clears.
        case mergePatch
    }

    public private(set) var problems: [Problem] = []

    /// More problems than a reader can use; the rest of the input is then not looked at.
    public static let problemsMax = 100

    public init() {}

    /// Decodes an object at `pointer`. What could not be read is absent from the result and named in `problems`.
    public mutating func object(_ json: JSON, _ fields: [Field], at pointer: String = "", mode: Mode = .whole) -> Values
    {
        guard case .object(let object) = json else {
            self.report(pointer, .type, "An object is expected here.")
            return Values()
        }
        var values = Values()
        var knownCount = 0
        for field in fields {
            // Said only where something is wrong.
            var place: String { "\(pointer)/\(field.name)" }
            guard let member = object[field.name] else {
                self.absent(field, at: place, mode: mode, into: &values)
                continue
            }
            knownCount += 1
            if field.writing == .never || (field.writing == .onCreate && mode == .mergePatch) {
                self.report(
                    place,
                    .readOnly,
                    "\(field.name) cannot be set\(field.writing == .onCreate ? " after creation" : "")."
                )
                continue
            }
            if case .null = member {
                if field.isNullable {
                    values[field.name] = .null
                } else {
                    self.report(place, .required, "\(field.name) must not be null.")
                }
                continue
            }
            if mode == .mergePatch, case .object(let nested) = field.kind, case .object = member {
                values[field.name] = .object(self.object(member, nested, at: place, mode: .mergePatch))
            } else {
                values[field.name] = self.value(member, field.kind, at: place)
            }
        }
        if knownCount < object.count { self.reportUnknown(object, fields, at: pointer) }
        return values
    }

    private mutating func reportUnknown(_ object: JSONObject, _ fields: [Field], at pointer: String) {
        for member in object.members where !fields.contains(where: { $0.name == member.key }) {
            self.report(
                "\(pointer)/\(JSONPointer.escaped(member.key))",
                .unknownField,
                "There is no field \(member.key) here."
            )
        }
    }

    private mutating func absent(
        _ field: Field,
        at place: @autoclosure () -> String,
        mode: Mode,
        into values: inout Values
    ) {
        guard mode == .whole, field.writing != .never else { return }
        if let defaultValue = field.defaultValue {
            values[field.name] = self.value(defaultValue, field.kind, at: place())
        } else if field.isRequired {
            self.report(place(), .required, "\(field.name) is required.")
        }
    }

    private mutating func value(_ json: JSON, _ kind: Field.Kind, at place: @autoclosure () -> String) -> Value? {
        switch (kind, json) {
        case (.integer(let range), .number(let number)):
            guard let value = number.int64 else {
                return self.refuse(place(), .integer, "An integer of at most 64 bits is expected here.")
            }
            guard range.contains(value) else {
                return self.refuse(
                    place(),
                    .outOfRange,
                    "\(value) is not between \(range.lowerBound) and \(range.upperBound)."
                )
            }
            return .integer(value)
        case (.boolean, .bool(let value)):
            return .boolean(value)
        case (.object(let fields), .object):
            return .object(self.object(json, fields, at: place()))
        case (.list(let element, let countMax), .array(let elements)):
            guard elements.count <= countMax else {
                return self.refuse(
                    place(),
                    .tooMany,
                    "At most \(countMax) elements are accepted here; there are \(elements.count)."
                )
            }
            var values: [Value] = []
            for (index, json) in elements.enumerated() {
                if let value = self.value(json, element, at: "\(place())/\(index)") { values.append(value) }
            }
            return .list(values)
        case (.document(let bytesMax), .object):
            guard json.bytes.count <= bytesMax else {
                return self.refuse(place(), .tooLarge, "At most \(bytesMax) bytes are accepted here.")
            }
            if let problem = StorableJSON.problem(with: json, at: place()) {
                return self.refuse(problem.pointer, problem.code, problem.detail)
            }
            return .document(json)
        case (_, .string(let text)):
            return self.value(text, kind, at: place())
        default:
            return self.refuse(place(), .type, "\(Self.expectation(of: kind)) is expected here.")
        }
    }

    /// Reads a value from text: a path or query parameter, or a JSON string.
    public mutating func value(_ text: String, _ kind: Field.Kind, at place: @autoclosure () -> String) -> Value? {
        switch kind {
        case .text(let rule):
            let kept = rule.trimmed(text)
            if let problem = rule.problem(with: kept) { return self.refuse(place(), problem.code, problem.detail) }
            return .text(kept)
        case .decimal(let places):
            guard let decimal = DecimalText(text), decimal.places <= places else {
                return self.refuse(
                    place(),
                    .decimal,
                    "A decimal number with at most \(places) places is expected here."
                )
            }
            return .decimal(text)
        case .identifier:
            guard let id = Identifier(text) else { return self.refuse(place(), .uuid, "A UUID is expected here.") }
            return .identifier(id)
        case .instant:
            guard let instant = Instant(text) else {
                return self.refuse(
                    place(),
                    .instant,
                    "An RFC 3339 instant is expected here, such as 2026-11-22T12:00:00Z."
                )
            }
            return .instant(instant)
        case .date:
            guard let date = LocalDate(text) else {
                return self.refuse(place(), .date, "A calendar date is expected here, such as 2026-11-22.")
            }
            return .date(date)
        case .choice(let choices):
            guard choices.contains(text) else {
                return self.refuse(place(), .choice, "One of \(choices.joined(separator: ", ")) is expected here.")
            }
            return .text(text)
        case .integer, .boolean, .object, .list, .document:
            return self.refuse(place(), .type, "\(Self.expectation(of: kind)) is expected here.")
        }
    }

    /// Reads a query or path parameter, where integers and booleans come as text too, and lists as text with commas.
    public mutating func parameter(_ text: String, _ kind: Field.Kind, at place: @autoclosure () -> String) -> Value? {
        switch kind {
        case .integer(let range):
            guard let value = Int64(text), range.contains(value) else {
                return self.refuse(
                    place(),
                    .integer,
                    "An integer between \(range.lowerBound) and \(range.upperBound) is expected here."
                )
            }
            return .integer(value)
        case .boolean:
            guard text == "true" || text == "false" else {
                return self.refuse(place(), .boolean, "true or false is expected here.")
            }
            return .boolean(text == "true")
        case .list(let element, let countMax):
            let parts = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count <= countMax else {
                return self.refuse(place(), .tooMany, "At most \(countMax) values are accepted here.")
            }
            var values: [Value] = []
            for part in parts {
                guard let value = self.parameter(String(part), element, at: place()) else { return nil }
                values.append(value)
            }
            return .list(values)
        default:
            return self.value(text, kind, at: place())
        }
    }

    public mutating func report(_ pointer: String, _ code: SchemaCode, _ detail: String) {
        guard self.problems.count < Self.problemsMax else { return }
        self.problems.append(Problem(pointer, code, detail))
    }

    private mutating func refuse(_ place: String, _ code: SchemaCode, _ detail: String) -> Value? {
        self.report(place, code, detail)
        return nil
    }

    private static func expectation(of kind: Field.Kind) -> String {
        switch kind {
        case .text, .choice: "A string"
        case .decimal: "A decimal number as a string"
        case .identifier: "A UUID"
        case .instant: "An RFC 3339 instant"
        case .date: "A calendar date"
        case .integer: "An integer"
        case .boolean: "true or false"
        case .object, .document: "An object"
        case .list: "An array"
        }
    }
}

/// A decimal number in text, checked without floating point: an optional minus, digits, and places after a point.
struct DecimalText {
    let places: Int

    /// Sixteen digits before the point and the places of a rate fit 64 bits with room for a sum.
    static let wholeDigitsMax = 12

    init?(_ text: String) {
        var digits = text.utf8[...]
        if digits.first == UInt8(ascii: "-") { digits = digits.dropFirst() }
        let whole = digits.prefix { $0 != UInt8(ascii: ".") }
        let fraction = digits.dropFirst(whole.count + 1)
        let isDigit = { (byte: UInt8) in byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        guard !whole.isEmpty, whole.count <= Self.wholeDigitsMax, whole.allSatisfy(isDigit),
            fraction.allSatisfy(isDigit)
        else {
            return nil
        }
        if digits.count > whole.count, fraction.isEmpty { return nil }
        self.places = fraction.count
    }
}
