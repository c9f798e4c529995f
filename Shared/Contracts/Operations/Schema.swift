/// JSON Schema 2020-12, as OpenAPI 3.1 uses it, derived from field declarations.
public enum Schema {
    /// Whose side of an exchange a schema describes.
    public enum Direction: Sendable {
        /// What a client may send: read-only fields are left out.
        case request
        /// What an answer holds: every field, always present. Within a stored object a field that may be `null` may be absent
        /// instead, since it is kept as it was sent and merge patches take `null` members away (RFC 7396).
        case response
    }

    public static func object(_ fields: [Field], _ direction: Direction, mode: InputDecoder.Mode = .whole) -> JSON {
        Self.object(fields, direction, mode, isNested: false)
    }

    private static func object(
        _ fields: [Field],
        _ direction: Direction,
        _ mode: InputDecoder.Mode,
        isNested: Bool
    ) -> JSON {
        let shown = fields.filter { field in
            switch direction {
            case .response: true
            case .request: field.writing == .always || (field.writing == .onCreate && mode == .whole)
            }
        }
        var schema: JSONObject = ["type": .string("object")]
        var properties = JSONObject()
        for field in shown {
            properties[field.name] = Self.field(field, direction)
            guard direction == .response, let embedded = field.embedded else { continue }
            properties[embedded] = [
                "type": ["object", "null"], "additionalProperties": true,
                "description": .string("The object that `\(field.name)` names; only where `expand` asks for it."),
            ]
        }
        schema["properties"] = .object(properties)
        let required = shown.filter { field in
            switch (direction, mode) {
            case (.response, _): !(isNested && field.isNullable)
            case (.request, .whole): field.isRequired && field.defaultValue == nil
            case (.request, .mergePatch): false
            }
        }
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0.name) }) }
        schema["additionalProperties"] = .bool(false)
        return .object(schema)
    }

    public static func field(_ field: Field, _ direction: Direction) -> JSON {
        guard case .object(var schema) = Self.kind(field.kind, direction) else { return .bool(true) }
        if field.isNullable {
            if let type = schema["type"] { schema["type"] = .array([type, .string("null")]) }
            if case .array(let choices)? = schema["enum"] { schema["enum"] = .array(choices + [.null]) }
        }
        if !field.summary.isEmpty { schema["description"] = .string(field.summary) }
        if let example = field.example { schema["examples"] = .array([example]) }
        if let defaultValue = field.defaultValue, direction == .request { schema["default"] = defaultValue }
        return .object(schema)
    }

    public static func kind(_ kind: Field.Kind, _ direction: Direction) -> JSON {
        switch kind {
        case .text(let rule): Self.text(rule, direction)
        case .integer(let range):
            [
                "type": "integer", "format": "int64", "minimum": .number(JSONNumber(range.lowerBound)),
                "maximum": .number(JSONNumber(range.upperBound)),
            ]
        case .boolean: ["type": "boolean"]
        case .decimal(let places):
            ["type": "string", "format": "decimal", "pattern": .string(#"^-?[0-9]{1,12}(\.[0-9]{1,\#(places)})?$"#)]
        case .identifier: ["type": "string", "format": "uuid"]
        case .instant: ["type": "string", "format": "date-time"]
        case .date: ["type": "string", "format": "date"]
        case .choice(let choices): ["type": "string", "enum": .array(choices.map(JSON.string))]
        case .object(let fields): Self.object(fields, direction, .whole, isNested: true)
        case .list(let element, let countMax):
            ["type": "array", "items": Self.kind(element, direction), "maxItems": .number(JSONNumber(Int64(countMax)))]
        case .document: ["type": "object", "additionalProperties": true]
        }
    }

    private static func text(_ rule: TextRule, _ direction: Direction) -> JSON {
        var schema: JSONObject = ["type": "string"]
        if direction == .request {
            schema["minLength"] = .number(JSONNumber(Int64(rule.lengthMin)))
            schema["maxLength"] = .number(JSONNumber(Int64(rule.lengthMax)))
        }
        switch rule.format {
        case .plain: if direction == .request { schema["pattern"] = .string(TextRule.pattern) }
        case .sha256: schema["pattern"] = "^[0-9a-f]{64}$"
        case .currency:
            schema["pattern"] = "^[A-Z]{3}$"
            schema["format"] = .string(rule.format.rawValue)
        case .phone:
            schema["pattern"] = .string(TextRule.phonePattern)
            schema["format"] = .string(rule.format.rawValue)
        case .uri:
            schema["pattern"] = .string(TextRule.uriPattern)
            schema["format"] = .string(rule.format.rawValue)
        case .email, .timeZone, .password: schema["format"] = .string(rule.format.rawValue)
        }
        return .object(schema)
    }

    /// A page of a list.
    public static func page(of name: String) -> JSON {
        [
            "type": "object",
            "properties": [
                "data": ["type": "array", "items": ["$ref": .string("#/components/schemas/\(name)")]],
                "next_cursor": [
                    "type": ["string", "null"], "description": "Send it as `cursor` for the next page.",
                    "examples": [.null],
                ],
                "has_more": ["type": "boolean"],
                "total": ["type": "integer", "description": "Only with `include_total=true`."],
            ],
            "required": ["data", "next_cursor", "has_more"],
            "additionalProperties": false,
        ]
    }
}
