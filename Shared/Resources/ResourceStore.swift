public import Contracts
public import Postgres
public import Vocabulary

/// Loads and saves the rows of one resource inside a transaction. Verbs use it directly; the derived operations do too.
public struct ResourceStore: Sendable {
    public let resource: Resource
    let plan: RowPlan
    private let kinds: [String: Field.Kind]
    private let load: SQL
    private let lock: SQL
    private let foreseen: ForeseenRows
    private let inserts = ComposedStatements()
    private let updates = ComposedStatements()

    public init(_ resource: Resource) {
        self.resource = resource
        let visible = resource.visible
        precondition(
            visible.allSatisfy { !($0.isSortable && $0.isNullable) },
            "\(resource.name): a cursor cannot stand behind a null"
        )
        precondition(
            resource.engagementField.map { name in resource.stored.contains { $0.name == name } } ?? true,
            "\(resource.name): the engagement of a row is one of its fields"
        )
        precondition(
            resource.isSoftDeleted || resource.dependents.isEmpty,
            "\(resource.name): a row that others belong to is marked, so that they can come back together"
        )
        self.plan = RowPlan(of: resource)
        self.kinds = Dictionary(resource.stored.map { ($0.name, $0.kind) }) { first, _ in first }
        let base: SQL =
            "SELECT " + self.plan.select + " FROM " + resource.table
            + " WHERE organization_id = $1 AND id = $2" + Self.alive(resource)
        self.load = base
        self.foreseen = ForeseenRows(resource, select: self.plan.select)
        self.lock = base + " FOR UPDATE"
    }

    /// Deleted rows are invisible where the resource keeps them.
    static func alive(_ resource: Resource) -> SQL { resource.isSoftDeleted ? " AND deleted_at IS NULL" : "" }

    // MARK: - Reading

    public func read(
        _ id: Identifier,
        for organization: Identifier,
        in database: Database,
        deadline: Instant?
    ) async throws -> Stored {
        let rows = try await database.read(
            .organization(organization),
            self.load,
            [.uuid(organization), .uuid(id)],
            deadline: deadline
        )
        guard rows.count == 1 else { throw Fault.notFound(self.resource.label) }
        return try Stored(rows[0], of: self.plan)
    }

    /// Loads a row and holds its lock until the transaction ends. Throws `not_found` for another tenant's id as for a random one.
    public func lock(
        _ id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> Stored {
        let rows = try transaction.query(self.lock, [.uuid(organization), .uuid(id)])
        guard rows.count == 1 else { throw Fault.notFound(self.resource.label) }
        return try Stored(rows[0], of: self.plan, isHeld: true)
    }

    /// Loads a row without a lock, `nil` where there is none.
    public func find(
        _ id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Stored? {
        let rows = try transaction.query(self.load, [.uuid(organization), .uuid(id)])
        return rows.count == 1 ? try Stored(rows[0], of: self.plan) : nil
    }

    /// Loads a deleted row, without a lock, and the moment in which it was deleted.
    func deleted(
        _ id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> (stored: Stored, at: Instant) {
        let rows = try transaction.query(
            "SELECT " + self.plan.select + ", deleted_at FROM " + self.resource.table
                + " WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(id)]
        )
        guard rows.count == 1 else { throw Fault.notFound(self.resource.label) }
        guard let deletedAt = try rows[0].instantOrNil("deleted_at") else {
            throw Fault(.conflict, "This \(self.resource.label) is not deleted.")
        }
        return (try Stored(rows[0], of: self.plan), deletedAt)
    }

    /// Rows by a condition that the caller composes of static fragments; `$1` is the organization.
    public func rows(
        where condition: SQL,
        _ values: [SQLValue],
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> [Stored] {
        let rows = try transaction.query(
            "SELECT " + self.plan.select + " FROM " + self.resource.table + " WHERE organization_id = $1"
                + Self.alive(self.resource) + " AND " + condition,
            [.uuid(organization)] + values
        )
        return try self.stored(rows)
    }

    // MARK: - Writing

    /// Inserts a row of these values, which were validated or come from a rule; a rule that needs the id beforehand sets `id`.
    public func insert(
        _ values: Values,
        id: Identifier? = nil,
        for organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Stored {
        let id = id ?? values.optionalIdentifier("id") ?? Identifier.next(at: now)
        var row = values
        row["id"] = .identifier(id)
        row["created_at"] = .instant(now)
        row["updated_at"] = .instant(now)
        if self.resource.isStory, !values.has("correlation_id") { row["correlation_id"] = .identifier(id) }
        if let foreseen = try self.foreseen.insert(row, for: .uuid(organization), in: transaction) {
            return try Stored(foreseen, of: self.plan, isHeld: true)
        }
        var names = ["organization_id"]
        var bindings: [SQLValue] = [.uuid(organization)]
        for name in row.names {
            guard let value = row[name], let binding = self.binding(name, value) else { continue }
            names.append(name)
            bindings.append(binding)
        }
        let sql = self.inserts.statement(for: names) { names in
            SQL.insert(into: self.resource.table, names.map(SQL.init(identifier:))) + " RETURNING " + self.plan.select
        }
        let rows = try transaction.query(sql, bindings)
        return try Stored(rows[0], of: self.plan, isHeld: true)
    }

    /// Changes columns of a row that the transaction has locked; its version goes up by one.
    public func update(
        _ stored: Stored,
        _ changes: Values,
        for organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Stored {
        let foreseen = try self.foreseen.update(
            stored,
            changes,
            for: .uuid(organization),
            at: .instant(now),
            in: transaction
        )
        if let foreseen { return try Stored(foreseen, of: self.plan, isHeld: true) }
        var bindings: [SQLValue] = [.uuid(organization), .uuid(stored.id), .instant(now)]
        var names: [String] = []
        for name in changes.names {
            guard let value = changes[name], let binding = self.binding(name, value) else { continue }
            bindings.append(binding)
            names.append(name)
        }
        let before = bindings.count - names.count
        let sql = self.updates.statement(for: names) { names in
            SQL.update(self.resource.table, "version = version + 1, updated_at = $3", names, behind: before)
                + " RETURNING " + self.plan.select
        }
        let rows = try transaction.query(sql, bindings)
        guard rows.count == 1 else { throw Fault.notFound(self.resource.label) }
        return try Stored(rows[0], of: self.plan, isHeld: true)
    }

    /// Changes all rows of a condition alike, and answers each as it was and as it is, in the order of their ids. The condition's
    /// values begin at `$2`, those of the assignments at `$4`.
    public func change(
        where condition: SQL,
        _ values: [SQLValue],
        set assignments: SQL,
        _ assigned: [SQLValue] = [],
        atMost limit: Int,
        for organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> [(before: Stored, after: Stored)] {
        let before = try self.rows(
            where: condition + " ORDER BY id LIMIT " + SQL.parameter(values.count + 2) + " FOR UPDATE",
            values + [.int(Int64(limit))],
            for: organization,
            in: transaction
        )
        guard !before.isEmpty else { return [] }
        let after = try self.stored(
            transaction.query(
                "UPDATE " + self.resource.table + " SET " + assignments
                    + ", version = version + 1, updated_at = $2 WHERE organization_id = $1 AND id = ANY ($3::uuid[]) RETURNING "
                    + self.plan.select,
                [.uuid(organization), .instant(now), .uuids(before.map(\.id))] + assigned
            )
        )
        let byID = Dictionary(uniqueKeysWithValues: after.map { ($0.id, $0) })
        return before.compactMap { row in byID[row.id].map { (row, $0) } }
    }

    /// Deletes the rows of a condition whose values begin at `$3`, and answers them as they are then, or were where nothing is left.
    /// Neither their own rules nor their dependents are asked: that is the derived operation's part.
    public func end(
        where condition: SQL,
        _ values: [SQLValue],
        atMost limit: Int,
        for organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> [Stored] {
        let table = self.resource.table
        let chosen: SQL =
            " WHERE organization_id = $1 AND id IN (SELECT id FROM " + table + " WHERE organization_id = $1"
            + Self.alive(self.resource) + " AND " + condition + " ORDER BY id LIMIT "
            + SQL.parameter(values.count + 3) + " FOR UPDATE) RETURNING " + self.plan.select
        let statement: SQL =
            self.resource.isSoftDeleted
            ? "UPDATE " + table + " SET deleted_at = $2, updated_at = $2, version = version + 1" + chosen
            : "WITH moment AS (SELECT $2::timestamptz) DELETE FROM " + table + chosen
        return try self.stored(
            transaction.query(statement, [.uuid(organization), .instant(now)] + values + [.int(Int64(limit))])
        )
    }

    /// Restores deleted rows of a condition whose values begin at `$3`, and answers them as they are then.
    func revive(
        where condition: SQL,
        _ values: [SQLValue],
        for organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> [Stored] {
        try self.stored(
            transaction.query(
                "UPDATE " + self.resource.table + " SET deleted_at = NULL, updated_at = $2, version = version + 1"
                    + " WHERE organization_id = $1 AND deleted_at IS NOT NULL AND " + condition + " RETURNING "
                    + self.plan.select,
                [.uuid(organization), .instant(now)] + values
            )
        )
    }

    private func stored(_ rows: Rows) throws(SQLFault) -> [Stored] {
        var stored: [Stored] = []
        stored.reserveCapacity(rows.count)
        for index in 0..<rows.count { stored.append(try Stored(rows[index], of: self.plan)) }
        return stored
    }

    /// `nil` for what is computed and so cannot be stored.
    private func binding(_ name: String, _ value: Value) -> SQLValue? {
        guard self.resource.computed[name] == nil else { return nil }
        precondition(self.kinds[name] != nil, "\(self.resource.name) has no column \(name)")
        return SQLValue(value)
    }
}

extension SQLValue {
    /// A validated value as its column takes it.
    public init(_ value: Value) {
        switch value {
        case .null: self = .null
        case .text(let text), .decimal(let text): self = .text(text)
        case .integer(let integer): self = .int(integer)
        case .boolean(let boolean): self = .bool(boolean)
        case .identifier(let id): self = .uuid(id)
        case .instant(let instant): self = .instant(instant)
        case .date(let date): self = .date(date)
        case .object, .list, .document: self = .json(value.json.bytes)
        }
    }
}
