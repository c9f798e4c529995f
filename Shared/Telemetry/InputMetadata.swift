public import Contracts
public import Logging

extension Logger.MetadataValue {
    /// Elements of one list that a line shows; the rest is counted.
    static let listElementsMax = 10

    /// What a request sent, as a log may show it: each value by the rule of the field that declares it, and what no field declares
    /// not at all. The only way in which a caller's values enter a log.
    public static func input(_ values: Values, declaredBy fields: [Field]) -> Logger.MetadataValue {
        var shown: Logger.Metadata = [:]
        for name in values.names {
            guard let value = values[name] else { continue }
            guard let field = fields.first(where: { $0.name == name }) else {
                shown[name] = .string(Redaction.withheld)
                continue
            }
            shown[name] = self.value(value, field.kind, field.sensitivity)
        }
        return .dictionary(shown)
    }

    private static func value(
        _ value: Contracts.Value,
        _ kind: Field.Kind,
        _ sensitivity: Sensitivity?
    ) -> Logger.MetadataValue {
        switch (value, kind) {
        case (.null, _): return "null"
        case (.object(let members), .object(let fields)) where sensitivity == nil:
            return self.input(members, declaredBy: fields)
        case (.list(let elements), .list(let element, _)):
            let rule = sensitivity ?? element.sensitivity
            var shown = elements.prefix(self.listElementsMax).map { self.value($0, element, rule) }
            if elements.count > shown.count { shown.append("… \(elements.count)") }
            return .array(shown)
        default: break
        }
        guard let text = value.json.string ?? value.scalarText else { return .string(Redaction.withheld) }
        return .string(sensitivity.map { Redaction.redacted(text, as: $0) } ?? text)
    }
}

extension Contracts.Value {
    /// Numbers and truth values as text.
    fileprivate var scalarText: String? {
        switch self {
        case .integer(let integer): "\(integer)"
        case .boolean(let boolean): "\(boolean)"
        default: nil
        }
    }
}
