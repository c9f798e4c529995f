public import Contracts
public import Postgres
public import Vocabulary

extension ResourceStore {
    /// Refuses ids of objects that are deleted or not there, with a problem for each: one round trip for all references.
    public func requireReferences(
        in values: Values,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        let given = self.resource.references.compactMap { reference in
            values.optionalIdentifier(reference.field).map { (reference, $0) }
        }
        guard !given.isEmpty else { return }
        var bindings: [SQLValue] = [.uuid(organization)]
        let checks = given.map { reference, id -> SQL in
            bindings.append(.uuid(id))
            return "EXISTS (SELECT FROM " + reference.table + " WHERE organization_id = $1 AND id = "
                + SQL.parameter(bindings.count) + reference.alive + ") AS " + SQL(identifier: reference.field)
        }
        let row = try transaction.query("SELECT " + checks.joined(separator: ", "), bindings)[0]
        var problems: [Problem] = []
        var owners: Set<String> = []
        for (reference, _) in given where try !row.bool(reference.field) {
            problems.append(
                Problem("/\(reference.field)", "unknown_reference", "There is no \(reference.label) with this id.")
            )
            if let owner = reference.owner { owners.insert(owner) }
        }
        guard owners.isEmpty else { throw UnknownReference(problems, owners: owners) }
        guard problems.isEmpty else { throw Fault.invalid(problems) }
    }
}

extension ResourceOperations {
    /// What belongs to a row goes with it; what carries money or a signature keeps it from going.
    func removeDependents(
        of stored: Stored,
        for organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws {
        var obstacles: [JSON] = []
        for dependent in self.resource.dependents where dependent.rule == .restrict {
            let rows = try transaction.query(
                "SELECT id FROM " + dependent.table + " WHERE organization_id = $1 AND " + dependent.column + " = $2"
                    + (dependent.isSoftDeleted ? " AND deleted_at IS NULL" : "") + " ORDER BY id LIMIT 10",
                [.uuid(organization), .uuid(stored.id)]
            )
            for index in 0..<rows.count {
                obstacles.append(["type": .string(dependent.label), "id": .string(try rows[index].text("id"))])
            }
        }
        guard obstacles.isEmpty else {
            throw Fault(
                .conflict,
                "This \(self.resource.label) cannot be deleted while other objects depend on it.",
                problems: [Problem("", "in_use", "Money or a signature depends on it.")],
                members: ["in_the_way": .array(obstacles)]
            )
        }
        for dependent in self.resource.dependents where dependent.rule == .cascade {
            let statement: SQL =
                dependent.isSoftDeleted
                ? "UPDATE " + dependent.table
                    + " SET deleted_at = $3, updated_at = $3, version = version + 1 WHERE organization_id = $1 AND "
                    + dependent.column + " = $2 AND deleted_at IS NULL"
                : "DELETE FROM " + dependent.table + " WHERE organization_id = $1 AND " + dependent.column
                    + " = $2 AND $3::timestamptz IS NOT NULL"
            try transaction.queue(statement, [.uuid(organization), .uuid(stored.id), .instant(now)])
        }
    }
}
