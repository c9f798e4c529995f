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
            reference.isChecked ? values.optionalIdentifier(reference.field).map { (reference, $0) } : nil
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
