public import Contracts
public import Postgres
public import Vocabulary

extension ResourceStore {
    /// Refuses ids of objects that are deleted or not there, with a problem for each: one round trip for all references. Those of
    /// this service are held, so that none is deleted before this transaction ends.
    ///
    /// Called before a row of the resource itself is locked, for locks are taken from the outside in; whoever must lock that row
    /// before refusing asks ``unknownReferences(in:for:in:)``.
    public func requireReferences(
        in values: Values,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        guard let unknown = try self.unknownReferences(in: values, for: organization, in: transaction) else { return }
        throw unknown.refusal
    }

    /// As ``requireReferences(in:for:in:)``, and answers what is to be refused: `nil` where every id leads somewhere.
    public func unknownReferences(
        in values: Values,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> UnknownReference? {
        let given = self.resource.references.compactMap { reference in
            reference.isChecked ? values.optionalIdentifier(reference.field).map { (reference, $0) } : nil
        }
        let missing = try Self.hold(given, for: organization, in: transaction)
        guard !missing.isEmpty else { return nil }
        return UnknownReference(
            missing.map { reference, _ in
                Problem("/\(reference.field)", "unknown_reference", "There is no \(reference.label) with this id.")
            },
            owners: Set(missing.compactMap(\.reference.owner))
        )
    }

    /// Whether every id in the rows leads somewhere. Those of this service are then held, as ``requireReferences(in:for:in:)`` does
    /// it for one row: a statement for each reference, in the order of the ids.
    func holdReferences(
        in rows: [Values],
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Bool {
        for reference in self.resource.references where reference.isChecked {
            let ids = Set(rows.compactMap { $0.optionalIdentifier(reference.field) })
            guard !ids.isEmpty else { continue }
            let found = try transaction.query(
                "SELECT FROM " + reference.table + " WHERE organization_id = $1 AND id = ANY ($2::uuid[])"
                    + reference.alive + " ORDER BY id" + reference.hold,
                [.uuid(organization), .uuids(Array(ids))]
            )
            guard found.count == ids.count else { return false }
        }
        return true
    }

    /// Refuses to bring back a row whose parent is deleted: it would be there without what it belongs to. Holds the parents, as
    /// ``requireReferences(in:for:in:)`` does.
    func requireParents(
        of stored: Stored,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        var given: [(reference: Resource.Reference, id: Identifier)] = []
        for parent in self.resource.parents {
            guard let id = try stored.row.uuidOrNil(parent.field) else { continue }
            given.append((parent, id))
        }
        let deleted = try Self.hold(given, for: organization, in: transaction)
        guard !deleted.isEmpty else { return }
        throw Fault(
            .conflict,
            "This \(self.resource.label) belongs to what is deleted. Restore that first.",
            problems: deleted.map { parent, _ in
                Problem("/\(parent.field)", "parent_deleted", "This \(parent.label) is deleted; restore it first.")
            },
            members: [
                "in_the_way": .array(
                    deleted.map { ["type": .string($0.label), "id": .string($1.description)] }
                )
            ]
        )
    }

    /// Answers those that lead nowhere, and locks the others.
    ///
    /// The lock is the one that a foreign key takes at the insert, only earlier: `FOR KEY SHARE`. A plain update of the row passes it,
    /// so that many can add to a busy parent while its own figures change; a deletion does not, since it locks its row and each row
    /// that goes along `FOR UPDATE` before it marks them (``lock(_:for:in:)``, ``end(where:_:atMost:for:at:in:)``). A stronger lock
    /// would make two who add to one parent and then change it wait for each other.
    ///
    /// Parents come before children in every transaction: a deletion goes from the row to its dependents, and here the references
    /// are locked as they are declared, before the row that holds them. A local copy is not locked: its owner deletes the row
    /// whatever refers to it here.
    private static func hold(
        _ given: [(reference: Resource.Reference, id: Identifier)],
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> [(reference: Resource.Reference, id: Identifier)] {
        guard !given.isEmpty else { return [] }
        var bindings: [SQLValue] = [.uuid(organization)]
        let checks = given.map { reference, id -> SQL in
            bindings.append(.uuid(id))
            return "EXISTS (SELECT FROM " + reference.table + " WHERE organization_id = $1 AND id = "
                + SQL.parameter(bindings.count) + reference.alive + reference.hold + ") AS "
                + SQL(identifier: reference.field)
        }
        let row = try transaction.query("SELECT " + checks.joined(separator: ", "), bindings)[0]
        var missing: [(reference: Resource.Reference, id: Identifier)] = []
        for pair in given where try !row.bool(pair.reference.field) { missing.append(pair) }
        return missing
    }
}

extension Resource {
    /// The references to what its rows depend on: to a resource that declares them its dependents by that field, and that can be
    /// deleted in spite of them.
    var parents: [Reference] {
        self.references.filter { reference in
            guard case .resource(let target) = reference.target else { return false }
            return target().dependents.contains { dependent in
                dependent.column == SQL(identifier: reference.field) && dependent.resource().name == self.name
            }
        }
    }

    /// Leaves out the rows of which a parent is deleted, and holds the parents of the others; `$1` is the organization.
    var underLivingParents: SQL {
        self.parents.map { parent in
            let column = self.table + "." + SQL(identifier: parent.field)
            return " AND (" + column + " IS NULL OR EXISTS (SELECT FROM " + parent.table
                + " AS parent WHERE parent.organization_id = $1 AND parent.id = " + column
                + " AND parent.deleted_at IS NULL" + parent.hold + "))"
        }.joined()
    }
}

extension Resource.Reference {
    /// Keeps a row that is found from being deleted before the transaction ends.
    fileprivate var hold: SQL {
        if case .resource = self.target { " FOR KEY SHARE" } else { "" }
    }
}
