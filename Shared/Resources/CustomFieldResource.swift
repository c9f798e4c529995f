internal import Contracts
internal import Postgres
internal import Vocabulary

extension Resource {
    /// What an organization defines of its own fields. Admins and owners define, everybody reads.
    public static func customField(service: String, entities: [String], references: [String]) -> Resource {
        var resource = Resource(
            service: service,
            name: "custom_field",
            plural: "custom-fields",
            table: "custom_field",
            fields: [
                .choice("entity", entities).required().onCreate().filterable().described("Whose field it is."),
                .text("key", max: 50).required().onCreate().example("region")
                    .described(
                        "Its name in `custom_fields`: small letters, digits and underscores, beginning with a letter."
                    ),
                .text("label", max: 100).required().example("Region"),
                .text("description", max: 1_000).nullable(),
                .choice("type", CustomFieldType.self).required().onCreate()
                    .described("A number is kept as a decimal string, money is `{amount_minor, currency}`."),
                .list(
                    "options",
                    of: [
                        .text("value", max: 100).required(), .text("label", max: 100).required(),
                        .boolean("is_archived").defaulting(to: false),
                    ],
                    countMax: CustomFieldLimits.optionsMax
                )
                .defaulting(to: [])
                .described("Of a select or multi_select. An archived one stays where it is and is not accepted anew."),
                .choice("reference_to", references).nullable().onCreate().described("What a reference leads to."),
                .boolean("is_required").defaulting(to: false)
                    .described(
                        "A new object must have it, and none can clear it; objects that lack it stay as they are."
                    ),
                .integer("position", 0...9_999).defaulting(to: 0).sortable(),
            ]
        )
        resource.hasExternalID = false
        resource.defaultSort = "position"
        resource.write = .manage(service)
        resource.hooks.create = { values, context, transaction in
            try CustomFieldLimits.judge(values)
            try CustomFieldLimits.makeRoom(for: try values.text("entity"), isNew: true, context, transaction)
        }
        resource.hooks.change = { stored, changes, _, _ in
            guard changes.has("options") else { return }
            let type = try CustomFieldType(stored: try stored.row.text("type"))
            var problems = CustomFieldLimits.problems(with: changes.objects("options"), of: type)
            let kept = Set(changes.objects("options").compactMap { $0.optionalText("value") })
            for option in try CustomFieldDefinition.options(in: stored.row) where !kept.contains(option.value) {
                problems.append(
                    Problem("/options", "option_missing", "Archive \(option.value) instead: objects may still have it.")
                )
            }
            guard problems.isEmpty else { throw Fault.invalid(problems) }
        }
        resource.hooks.restore = { stored, context, transaction in
            try CustomFieldLimits.makeRoom(for: try stored.row.text("entity"), isNew: false, context, transaction)
        }
        resource.summary =
            "A field of your own, with a type. From the first one on, `custom_fields` of that entity takes only what is defined."
        return resource
    }
}

/// The rules of a definition.
enum CustomFieldLimits {
    /// Definitions of one entity that are not deleted.
    static let definitionsMax: Int64 = 100
    /// With deleted ones.
    static let keptMax: Int64 = 500
    static let optionsMax = 200

    static func judge(_ values: Values) throws {
        var problems: [Problem] = []
        let key = values.optionalText("key") ?? ""
        let isPlain = key.utf8.allSatisfy { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        if !isPlain || !(key.first?.isLetter ?? false) {
            let detail = "Small letters, digits and underscores are accepted here, beginning with a letter."
            problems.append(Problem("/key", "snake_case", detail))
        }
        let type = try CustomFieldType(stored: try values.text("type"))
        problems += self.problems(with: values.objects("options"), of: type)
        if (type == .reference) != (values.optionalText("reference_to") != nil) {
            let detail = "A reference says what it leads to, and nothing else does."
            problems.append(Problem("/reference_to", "reference_to", detail))
        }
        guard problems.isEmpty else { throw Fault.invalid(problems) }
    }

    static func problems(with options: [Values], of type: CustomFieldType) -> [Problem] {
        guard type.hasOptions != options.isEmpty else {
            let detail = type.hasOptions ? "This type has at least one option." : "This type has no options."
            return [Problem("/options", "options", detail)]
        }
        var seen: Set<String> = []
        return options.enumerated().compactMap { index, option in
            guard let value = option.optionalText("value") else { return nil }
            if value.contains(",") {
                return Problem(
                    "/options/\(index)/value",
                    "comma",
                    "A value has no comma: they separate values in filters."
                )
            }
            return seen.insert(value).inserted
                ? nil : Problem("/options/\(index)/value", "duplicate", "Another option has this value.")
        }
    }

    /// Holds the set of the entity, so that two who define at once are counted one after the other.
    static func makeRoom(
        for entity: String,
        isNew: Bool,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws {
        let values: [SQLValue] = [.uuid(try context.caller().organization), .text(entity)]
        try transaction.queue(
            """
            INSERT INTO custom_field_set (organization_id, entity) VALUES ($1, $2)
            ON CONFLICT (organization_id, entity) DO UPDATE SET entity = EXCLUDED.entity
            """,
            values
        )
        let rows = try transaction.query(
            """
            SELECT count(*) FILTER (WHERE deleted_at IS NULL) AS living, count(*) AS kept
            FROM custom_field WHERE organization_id = $1 AND entity = $2
            """,
            values
        )
        let isFull = try rows[0].int("living") >= Self.definitionsMax
        let kept = try rows[0].int("kept")
        guard !isFull, kept <= Self.keptMax - (isNew ? 1 : 0) else {
            let detail =
                isFull
                ? "There are \(Self.definitionsMax) custom fields here; no more are accepted."
                : "There are \(Self.keptMax) custom fields here with deleted ones; restore one instead."
            throw Rejection.conflict("too_many_fields", detail)
        }
    }
}
