internal import Contracts
internal import Postgres
internal import Vocabulary

extension ResourceStore {
    static let customFields = "custom_fields"

    /// Asks for what the organization has defined, where a request gives values of its own: with the next statement, in the same
    /// round trip. `nil` where there is nothing to judge; that a new row lacks what is required, the table sees itself.
    func askCustomFields(
        for values: [Values],
        of organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Question? {
        let isGiven = values.contains { $0.optionalDocument(Self.customFields)?.object?.isEmpty == false }
        guard self.resource.customFieldRules != nil, isGiven else { return nil }
        return try transaction.ask(CustomFieldSet.query, [.uuid(organization), .text(self.resource.name)])
    }

    /// Puts the values of a new row into the form in which they are kept; answers what is wrong with them.
    func judgeCustomFields(
        of values: inout Values,
        by set: CustomFieldSet,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> [Problem] {
        guard let given = values.optionalDocument(Self.customFields)?.object, !given.isEmpty else { return [] }
        let judged = set.judge(given, whole: given, current: nil)
        values[Self.customFields] = .document(.object(judged.values))
        return try judged.problems + self.missing(judged.references, for: organization, in: transaction)
    }

    /// The same of a patch, which has been merged into `changes` already.
    func judgeCustomFields(
        of changes: inout Values,
        patch: JSON,
        onto before: Stored,
        by set: CustomFieldSet,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> [Problem] {
        guard let given = patch.object, let whole = changes.optionalDocument(Self.customFields)?.object else {
            return []
        }
        let current = try before.row.bytesOrNil(Self.customFields).flatMap { try JSON(parsing: $0).object }
        let judged = set.judge(given, whole: whole, current: current ?? [:])
        changes[Self.customFields] = .document(.object(judged.values))
        return try judged.problems + self.missing(judged.references, for: organization, in: transaction)
    }

    /// A value is no foreign key: the row that it names may be deleted later.
    private func missing(
        _ references: [CustomFieldSet.Reference],
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> [Problem] {
        guard let rules = self.resource.customFieldRules, !references.isEmpty else { return [] }
        var problems: [Problem] = []
        for target in rules.references() {
            let named = references.filter { $0.resource == target.name }
            let ids = named.compactMap { if case .identifier(let id) = $0.id { id } else { nil } }
            guard !ids.isEmpty else { continue }
            let rows = try transaction.query(
                "SELECT id FROM " + target.table + " WHERE organization_id = $1 AND id = ANY ($2::uuid[])"
                    + Self.alive(target),
                [.uuid(organization), .uuids(ids)]
            )
            var found: Set<Identifier> = []
            for row in rows { found.insert(try row.uuid("id")) }
            for (reference, id) in zip(named, ids) where !found.contains(id) {
                problems.append(
                    Problem(
                        "\(CustomFieldSet.pointer)/\(reference.key)",
                        "unknown_reference",
                        "There is no \(target.label) with this id."
                    )
                )
            }
        }
        return problems
    }
}

extension ResourceOperations {
    /// What the organization has defined, for a list that is filtered by it.
    func definedFields(for organization: Identifier, _ context: CallContext) async throws -> CustomFieldSet {
        try CustomFieldSet(
            try await self.commands.database.read(
                .organization(organization),
                CustomFieldSet.query,
                [.uuid(organization), .text(self.resource.name)],
                deadline: context.deadline
            )
        )
    }
}

/// That an organization defines the custom fields of a resource itself: its table has the triggers of `custom_field_guard()`.
public struct CustomFieldRules: Sendable {
    /// What a custom field may refer to; looked up when it is needed, for resources refer to each other in circles.
    let references: @Sendable () -> [Resource]

    public init(references: @autoclosure @escaping @Sendable () -> [Resource]) { self.references = references }
}

extension Resource {
    /// What is shown of a row's own values: all but those of deleted definitions, which come back with them. A row without any
    /// costs a comparison, and the others of a page one look at one row together.
    var shownCustomFields: SQL? {
        guard self.customFieldRules != nil else { return nil }
        return "CASE WHEN custom_fields = '{}' THEN custom_fields ELSE custom_fields - coalesce((SELECT hidden "
            + "FROM custom_field_set WHERE organization_id = app_organization() AND entity = '"
            + SQL(identifier: self.name) + "'), '{}') END"
    }
}
