/// An open transaction. Not copyable and lent to a closure, so that it cannot be kept.
public struct Transaction: ~Copyable {
    private let context: TransactionContext

    init(_ context: TransactionContext) {
        self.context = context
    }

    /// Whose rows this transaction may touch.
    public var scope: TenantScope { self.context.scope }

    /// Sends what is queued and this statement in one round trip, and waits for its rows.
    @discardableResult
    public func query(_ sql: SQL, _ values: [SQLValue] = []) throws(SQLFault) -> Rows {
        try self.context.query(sql, values)
    }

    /// Sends the statement with the next query or the COMMIT; its failure surfaces there.
    ///
    /// With `expecting`, another number of affected rows rolls the transaction back. The count must be known before
    /// the COMMIT is sent, so it costs a round trip where no query follows.
    public func queue(_ sql: SQL, _ values: [SQLValue] = [], expecting rows: Int? = nil) throws(SQLFault) {
        try self.context.queue(sql, values, expecting: rows)
    }

    /// Queues a statement that writes one row, and answers the row as it will be read, without waiting for the server: what is
    /// written is told of, answered and committed in one round trip.
    ///
    /// A debug build has the statement return the row, and stops where it is another one; so the statement ends before its
    /// `RETURNING`, and `expected` lists the columns for it.
    public func queue(_ sql: SQL, _ values: [SQLValue], answering expected: ExpectedRow) throws(SQLFault) -> Row {
        try self.context.queue(sql, values, answering: expected)
    }

    /// Runs `body` so that what it throws undoes only what it did.
    public func savepoint<Output>(_ body: () throws -> Output) throws -> Output {
        try self.context.savepoint(body)
    }

    /// Runs `action` on the connection's thread once the COMMIT is known to have succeeded, and never otherwise.
    public func afterCommit(_ action: @escaping @Sendable () -> Void) {
        self.context.afterCommit(action)
    }
}
