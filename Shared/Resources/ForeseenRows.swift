internal import Contracts
internal import Postgres
internal import Synchronization

/// Writes rows of one resource without waiting for the server to say what it has stored: each column is bound, so the row is known.
///
/// What the server would write otherwise than it was given (a `numeric`, a computed or generated column) is not foreseen: then
/// the caller asks for the row, which costs a round trip. ``ExpectedRow`` says which values are safe.
final class ForeseenRows: Sendable {
    private enum Table: Sendable {
        case unread
        case read(Columns)
        /// Something in it is made by the server.
        case computed
    }

    /// What a table does to what is written: the columns of the select list, and the value of each that a new row does not give.
    private struct Columns: Sendable {
        let pattern: Rows
        /// `nil` where the default is no constant.
        let defaults: [SQLValue?]
    }

    private let resource: Resource
    private let select: SQL
    private let names: [String]
    private let numbers: [String: Int]
    private let insert: RowInsert
    /// The column that each of its values is written to; the organization's is not among those that are read.
    private let inserted: [Int?]
    private let updates = ComposedStatements()
    private let table = Mutex(Table.unread)

    init(_ resource: Resource, select: SQL) {
        self.resource = resource
        self.select = select
        self.names = resource.stored.map(\.name)
        self.numbers = Dictionary(uniqueKeysWithValues: self.names.enumerated().map { ($1, $0) })
        self.insert = RowInsert(into: resource.table, (["organization_id"] + self.names).map(SQL.init(identifier:)))
        self.inserted = [nil] + self.names.indices.map { $0 }
        if !resource.computed.isEmpty { self.table.withLock { $0 = .computed } }
    }

    /// Queues a new row and answers it as it will be read; `nil`, with nothing queued, where that cannot be told.
    func insert(
        _ values: Values,
        for organization: SQLValue,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Row? {
        guard let columns = try self.columns(in: transaction) else { return nil }
        var bindings = [organization]
        bindings.reserveCapacity(self.names.count + 1)
        var given = 0
        for (number, name) in self.names.enumerated() {
            let value = values[name]
            if value != nil { given += 1 }
            let type = columns.pattern.columnType(number)
            guard let bound = value.map({ Self.bound($0, as: type) }) ?? columns.defaults[number] else { return nil }
            bindings.append(bound)
        }
        precondition(given == values.count, "\(self.resource.name) has no such columns: \(values.names)")
        let expected = ExpectedRow.new(columns.pattern, columns: self.inserted, select: self.select)
        return try transaction.queue(self.insert, bindings, answering: expected)
    }

    /// Queues a change of a row that this transaction holds, and answers it as it will be read; `nil` where that cannot be told.
    func update(
        _ before: Stored,
        _ changes: Values,
        for organization: SQLValue,
        at now: SQLValue,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Row? {
        guard before.isHeld, try self.columns(in: transaction) != nil else { return nil }
        var bindings = [organization, .uuid(before.id), now, .int(before.version + 1)]
        var written: [Int?] = [nil, nil, self.numbers["updated_at"], self.numbers["version"]]
        let names = changes.names
        for name in names {
            guard let value = changes[name], let number = self.numbers[name] else {
                preconditionFailure("\(self.resource.name) has no column \(name)")
            }
            guard let bound = Self.bound(value, as: before.row.rows.columnType(number)) else { return nil }
            bindings.append(bound)
            written.append(number)
        }
        let fixed = bindings.count - names.count
        let sql = self.updates.statement(for: names) { names in
            SQL.update(self.resource.table, "updated_at = $3, version = $4", names, behind: fixed)
        }
        let expected = ExpectedRow.changed(before.row, columns: written, select: self.select)
        return try transaction.queue(sql, bindings, answering: expected)
    }

    /// The value as the column gives it back, or `nil` where it may come back otherwise.
    private static func bound(_ value: Value, as type: UInt32) -> SQLValue? {
        let bound: SQLValue? =
            switch value {
            case .object, .list, .document: StoredJSON.bytes(of: value.json).map(SQLValue.json)
            default: SQLValue(value)
            }
        return bound.flatMap { ExpectedRow.isGivenBack($0, as: type) ? $0 : nil }
    }

    // MARK: - The table

    /// Read once a process, in the transaction that first writes to it: migrations come before processes.
    private func columns(in transaction: borrowing Transaction) throws(SQLFault) -> Columns? {
        switch self.table.withLock({ $0 }) {
        case .read(let columns): return columns
        case .computed: return nil
        case .unread: break
        }
        let columns = try self.read(in: transaction)
        self.table.withLock { $0 = columns.map(Table.read) ?? .computed }
        return columns
    }

    private func read(in transaction: borrowing Transaction) throws(SQLFault) -> Columns? {
        let pattern = try transaction.query("SELECT " + self.select + " FROM " + self.resource.table + " LIMIT 0")
        let rows = try transaction.query(
            """
            SELECT a.attname, a.attgenerated <> '' AS is_generated, pg_get_expr(d.adbin, d.adrelid) AS expression
            FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
            """,
            [.text(self.resource.table.description)]
        )
        var defaults = [SQLValue?](repeating: nil, count: self.names.count)
        for row in rows {
            guard let number = self.numbers[try row.text("attname")] else { continue }
            guard try !row.bool("is_generated") else { return nil }
            defaults[number] =
                try row.textOrNil("expression").map { Self.constant($0, as: pattern.columnType(number)) } ?? .null
        }
        return Columns(pattern: pattern, defaults: defaults)
    }

    /// A default that is a constant, from the server's own writing of it: `1`, `false`, `'{}'::jsonb`. Its quotes hold the form in
    /// which the server also gives it back.
    private static func constant(_ expression: String, as type: UInt32) -> SQLValue? {
        var candidates: [SQLValue] = []
        if let number = Int64(expression) { candidates.append(.int(number)) }
        if let flag = Bool(expression) { candidates.append(.bool(flag)) }
        let parts = expression.split(separator: "'", omittingEmptySubsequences: false)
        if parts.count == 3, parts[0].isEmpty, parts[2].hasPrefix("::"), !parts[1].contains("\\") {
            candidates += [.text(String(parts[1])), .json(Array(parts[1].utf8))]
        }
        return candidates.first { ExpectedRow.isGivenBack($0, as: type) }
    }
}
