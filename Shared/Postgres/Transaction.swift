/// An open transaction. Not copyable and lent to a closure, so that it cannot be kept.
public struct Transaction: ~Copyable {
    private let context: TransactionContext
    /// Whose rows this transaction may touch.
    public let scope: TenantScope

    init(_ context: TransactionContext, as scope: TenantScope) {
        self.context = context
        self.scope = scope
    }

    /// Sends what is queued and this statement in one round trip, and waits for its rows.
    @discardableResult
    public func query(_ sql: SQL, _ values: [SQLValue] = []) throws(SQLFault) -> Rows {
        try self.context.query(as: self.scope, QueuedStatement(sql, try EncodedParameters(values)))
    }

    /// Sends the statement with the next query or the COMMIT; its failure surfaces there.
    ///
    /// With `expecting`, another number of affected rows rolls the transaction back. The count must be known before
    /// the COMMIT is sent, so it costs a round trip where no query follows.
    public func queue(_ sql: SQL, _ values: [SQLValue] = [], expecting rows: Int? = nil) throws(SQLFault) {
        try self.context.queue(as: self.scope, QueuedStatement(sql, try EncodedParameters(values), expecting: rows))
    }

    /// Queues a row. Rows of the same kind that are queued one behind the other are sent as one statement.
    public func queue(_ insert: RowInsert, _ values: [SQLValue]) throws(SQLFault) {
        try self.context.queue(as: self.scope, QueuedStatement(insert, try EncodedParameters(values)))
    }

    /// Sends the statement with the next query, or when its answer is wanted: what several ask for shares a round trip.
    public func ask(_ sql: SQL, _ values: [SQLValue] = []) throws(SQLFault) -> Question {
        try self.context.ask(as: self.scope, sql, values)
    }

    /// The rows of what was asked.
    public func answer(to question: Question) throws(SQLFault) -> Rows {
        try self.context.answer(to: question)
    }

    /// Queues a statement that writes one row, and answers the row as it will be read, without waiting for the server: what is
    /// written is told of, answered and committed in one round trip.
    ///
    /// A debug build has the statement return the row, and stops where it is another one; so the statement ends before its
    /// `RETURNING`, and `expected` lists the columns for it.
    public func queue(_ sql: SQL, _ values: [SQLValue], answering expected: ExpectedRow) throws(SQLFault) -> Row {
        try self.context.queue(as: self.scope, QueuedStatement(sql, try EncodedParameters(values)), answering: expected)
    }

    /// Queues a new row, and answers it as it will be read.
    public func queue(
        _ insert: RowInsert,
        _ values: [SQLValue],
        answering expected: ExpectedRow
    ) throws(SQLFault) -> Row {
        try self.context.queue(
            as: self.scope,
            QueuedStatement(insert, try EncodedParameters(values)),
            answering: expected
        )
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

/// A statement that is sent for its rows, which are taken once.
public struct Question: Sendable {
    let number: Int
}
