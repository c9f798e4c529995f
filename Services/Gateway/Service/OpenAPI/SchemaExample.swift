internal import Contracts

/// An example value for a schema of a catalog: what the declarations give as examples, and beside it the plainest value
/// that the schema accepts. An object shows what must be there and what has an example of its own.
struct SchemaExample: Sendable {
    /// A document of the catalogs nests a few levels; a schema that refers to itself must end somewhere.
    private static let depthMax = 16

    private let components: [String: JSON]

    init(_ names: SchemaNames) {
        self.components = Dictionary(names.components.map { ($0.name, $0.schema) }) { first, _ in first }
    }

    func value(of schema: JSON) -> JSON { self.value(of: schema, called: "", depth: 0) }

    private func value(of schema: JSON, called name: String, depth: Int) -> JSON {
        if let path = schema["$ref"]?.string, let component = path.split(separator: "/").last {
            return self.value(of: self.components[String(component)] ?? true, called: name, depth: depth + 1)
        }
        if let given = schema["examples"]?.array?.first ?? schema["default"] ?? schema["enum"]?.array?.first {
            return given
        }
        guard depth < Self.depthMax else { return .null }
        return switch self.type(of: schema) {
        case "object": self.object(schema, depth: depth)
        case "array": .array(schema["items"].map { [self.value(of: $0, called: name, depth: depth + 1)] } ?? [])
        case "integer": .number(JSONNumber(self.integer(schema, called: name)))
        case "boolean": false
        case "string": .string(Self.text(schema, called: name))
        default: [:]
        }
    }

    /// Of a type that may also be null, the other.
    private func type(of schema: JSON) -> String? {
        schema["type"]?.string ?? schema["type"]?.array?.compactMap(\.string).first { $0 != "null" }
    }

    private func object(_ schema: JSON, depth: Int) -> JSON {
        let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
        let properties = schema["properties"]?.object?.members ?? []
        var shown = properties.filter { required.contains($0.key) || $0.value["examples"] != nil }
        // A patch requires nothing, and still changes something.
        if shown.isEmpty { shown = Array(properties.prefix(1)) }
        var object = JSONObject()
        for (name, property) in shown { object[name] = self.value(of: property, called: name, depth: depth + 1) }
        return .object(object)
    }

    private func integer(_ schema: JSON, called name: String) -> Int64 {
        let plain: Int64 = name.hasSuffix("_minor") ? 125_000 : 1
        let (least, most) = (schema["minimum"]?.int64 ?? .min, schema["maximum"]?.int64 ?? .max)
        return min(max(plain, least), most)
    }

    private static let texts: [String: String] = [
        "uuid": "01890a5d-ac96-774b-bcce-b302099a8057", "date-time": "2026-11-23T09:30:00.000000Z",
        "date": "2026-11-23",
        "decimal": "1", "email": "ada@example.com", "uri": "https://example.com", "phone": "+14155550132",
        "time-zone": "Europe/Berlin", "password": "correct horse battery staple",
    ]

    private static func text(_ schema: JSON, called name: String) -> String {
        if let text = schema["format"]?.string.flatMap({ self.texts[$0] }) { return text }
        switch schema["pattern"]?.string {
        case "^[0-9a-f]{64}$": return String(repeating: "0f", count: 32)
        case "^[A-Z]{3}$": return "USD"
        default: break
        }
        // `billing_city` as `Billing city`.
        let words = name.isEmpty ? "Text" : name.prefix(1).uppercased() + name.dropFirst().replacing("_", with: " ")
        return String(words.prefix(Int(schema["maxLength"]?.int64 ?? 100)))
    }
}
