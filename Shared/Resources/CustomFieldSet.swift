internal import Contracts
internal import Postgres

/// All that an organization has defined for one entity: what the values of a row are judged by.
///
/// As long as nothing is defined, values are free. From the first definition on only what is defined can be set; what a row had
/// before stays as it is and can be cleared.
struct CustomFieldSet: Sendable {
    static let pointer = "/custom_fields"

    /// Of an organization and an entity: all that ``CustomFieldLimits/keptMax`` lets there be.
    static let query: SQL = """
        SELECT key, type, options, reference_to, is_required, deleted_at IS NOT NULL AS is_deleted FROM custom_field
        WHERE organization_id = $1 AND entity = $2 ORDER BY position, id
        LIMIT 500
        """

    private let living: [String: CustomFieldDefinition]
    /// In the order in which they are shown.
    private let required: [String]
    /// Keys of deleted definitions, of which the values are kept and hidden.
    private let ended: Set<String>

    init(_ rows: Rows) throws {
        var living: [String: CustomFieldDefinition] = [:]
        var required: [String] = []
        var ended: Set<String> = []
        for row in rows {
            if try row.bool("is_deleted") {
                ended.insert(try row.text("key"))
                continue
            }
            let definition = try CustomFieldDefinition(row)
            living[definition.key] = definition
            if definition.isRequired { required.append(definition.key) }
        }
        self.living = living
        self.required = required
        self.ended = ended.subtracting(living.keys)
    }

    /// A value that names a row of this service.
    struct Reference: Sendable {
        let key: String
        let resource: String
        let id: Value
    }

    struct Judged: Sendable {
        var values: JSONObject
        var problems: [Problem]
        var references: [Reference]
    }

    /// Judges what a request sets. `whole` is what the row would then hold, `current` what it holds; `nil` for a new row.
    func judge(_ given: JSONObject, whole: JSONObject, current: JSONObject?) -> Judged {
        var decoder = InputDecoder()
        var values = whole
        var references: [Reference] = []
        for member in given.members {
            guard let definition = self.living[member.key] else {
                let isFree = self.living.isEmpty && !self.ended.contains(member.key)
                let isCleared = member.value == .null && current?[member.key] != nil
                if !isFree, !isCleared {
                    let place = "\(Self.pointer)/\(JSONPointer.escaped(member.key))"
                    decoder.report(place, .unknownField, "There is no custom field \(member.key) here.")
                }
                continue
            }
            guard member.value != .null, let given = whole[member.key] else {
                values[member.key] = nil
                if definition.isRequired, current != nil { self.reportMissing(member.key, &decoder) }
                continue
            }
            guard let value = definition.read(given, beside: current?[member.key], &decoder) else { continue }
            values[member.key] = value
            if let resource = definition.referenceTo, let id = value.string.flatMap(Self.identifier) {
                references.append(Reference(key: member.key, resource: resource, id: id))
            }
        }
        if current == nil {
            for key in self.required where given[key] == nil || given[key] == .null {
                self.reportMissing(key, &decoder)
            }
        }
        return Judged(values: values, problems: decoder.problems, references: references)
    }

    /// The definition by whose type a filter compares; `nil` while values are free.
    func definition(of key: String) throws(Fault) -> CustomFieldDefinition? {
        if let definition = self.living[key] { return definition }
        guard self.living.isEmpty, !self.ended.contains(key) else {
            let detail = "There is no custom field \(key) here."
            throw Fault(
                .invalidRequest,
                detail,
                problems: [Problem("/query/custom_fields/\(JSONPointer.escaped(key))", .unknownParameter, detail)]
            )
        }
        return nil
    }

    private func reportMissing(_ key: String, _ decoder: inout InputDecoder) {
        decoder.report("\(Self.pointer)/\(key)", .required, "\(key) is required.")
    }

    private static func identifier(_ text: String) -> Value? {
        var decoder = InputDecoder()
        return decoder.value(text, .identifier, at: "")
    }
}
