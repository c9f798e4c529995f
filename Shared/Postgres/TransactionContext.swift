/// What an open transaction knows. Behind ``Transaction``, on the connection's own thread.
final class TransactionContext {
    /// That of BEGIN.
    let scope: TenantScope
    /// Under which the next statement would run, were it sent behind what is queued.
    private var entered: TenantScope
    private let session: TransactionSession
    private let deadline: Int64
    private let trace: String?
    private var queue: [QueuedStatement] = []
    /// Whether BEGIN has been sent.
    private var isOpen = false
    /// The failure after which the server accepts nothing but a rollback.
    private var fault: SQLFault?
    private var savepoints = 0
    /// How often statements have been sent.
    private var exchanges = 0
    private var actions: [@Sendable () -> Void] = []
    /// What was asked and is not taken yet.
    private var answers: [Int: Rows] = [:]
    private var questions = 0
    private(set) var hasFailed = false

    /// More statements than this are sent before more is queued, so that a bulk load does not pile up in memory; each has up to
    /// ``RowInsert/rowsMax`` rows.
    private static let queuedMax = 512
    /// How long the answer to a COMMIT is awaited: it is never cancelled, so no deadline applies.
    private static let commitMicroseconds: Int64 = 30_000_000
    private static let rollbackMicroseconds: Int64 = 5_000_000

    init(_ session: TransactionSession, _ scope: TenantScope, _ expiry: Expiry, trace: String?) {
        self.session = session
        self.trace = trace
        self.scope = scope
        self.entered = scope
        self.deadline = expiry.answerBy
    }

    func run<Output>(_ body: (TransactionContext) throws -> Output) -> Result<Output, any Error> {
        do {
            let output = try body(self)
            try self.commit()
            for action in self.actions { action() }
            return .success(output)
        } catch {
            self.hasFailed = true
            self.rollBack()
            return .failure(error)
        }
    }

    // Each statement says as whom it is to run: none can run as another, whichever was sent before it.

    func query(as scope: TenantScope, _ statement: QueuedStatement) throws(SQLFault) -> Rows {
        try self.enqueue(statement, as: scope)
        guard let rows = try self.flush().last else { throw SQLFault(.connection, "a statement gave no result") }
        return rows
    }

    func queue(as scope: TenantScope, _ statement: QueuedStatement) throws(SQLFault) {
        try self.enqueue(statement, as: scope)
        if self.queue.count >= Self.queuedMax { _ = try self.flush() }
    }

    func queue(
        as scope: TenantScope,
        _ statement: QueuedStatement,
        answering expected: ExpectedRow
    ) throws(SQLFault) -> Row {
        let rows = try expected.row(with: statement.parameters)
        var statement = statement
        #if DEBUG
        statement.compare(with: rows, reading: expected.select)
        #endif
        try self.queue(as: scope, statement)
        return rows[0]
    }

    private func enqueue(_ statement: QueuedStatement, as scope: TenantScope) throws(SQLFault) {
        if scope != self.entered {
            let settings = try EncodedParameters(scope.settings)
            self.queue.append(QueuedStatement(TenantScope.transactionStatement, settings))
            self.entered = scope
        }
        if let last = self.queue.indices.last, self.queue[last].takeIn(statement) { return }
        self.queue.append(statement)
    }

    func ask(as scope: TenantScope, _ sql: SQL, _ values: [SQLValue]) throws(SQLFault) -> Question {
        self.questions += 1
        try self.queue(as: scope, QueuedStatement(sql, try EncodedParameters(values), question: self.questions))
        return Question(number: self.questions)
    }

    func answer(to question: Question) throws(SQLFault) -> Rows {
        if self.answers[question.number] == nil { _ = try self.flush() }
        guard let rows = self.answers.removeValue(forKey: question.number) else {
            throw SQLFault(.decode, "what was asked was answered already, or undone with its savepoint")
        }
        return rows
    }

    func afterCommit(_ action: @escaping @Sendable () -> Void) {
        self.actions.append(action)
    }

    func savepoint<Output>(_ body: () throws -> Output) throws -> Output {
        // What was queued before belongs to the outside: its failure must not look like the body's.
        try self.flushStatements()
        self.savepoints += 1
        let name = SQL(identifier: "throughline_\(self.savepoints)")
        // The savepoint goes with the body's first statement, and its release with the first one after it.
        let (queuedBefore, exchangesBefore) = (self.queue.count, self.exchanges)
        self.queue.append(.command("SAVEPOINT " + name))
        let (actions, entered) = (self.actions.count, self.entered)
        do {
            let output = try body()
            try self.flushStatements()
            self.queue.append(.command("RELEASE SAVEPOINT " + name))
            return output
        } catch {
            self.actions.removeLast(self.actions.count - actions)
            // The server takes the setting back with the savepoint; what was not sent never set it.
            self.entered = entered
            if self.exchanges == exchangesBefore {
                self.queue.removeLast(self.queue.count - queuedBefore)
            } else {
                self.queue.removeAll()
                try self.rollBack(to: name)
            }
            throw error
        }
    }

    /// Commands alone can wait: they do not fail.
    private func flushStatements() throws(SQLFault) {
        if self.queue.contains(where: \.isPrepared) { _ = try self.flush() }
    }

    private func rollBack(to name: SQL) throws(SQLFault) {
        guard self.session.isUsable else { throw self.fault ?? SQLFault(.connection, "the connection was lost") }
        self.fault = nil
        self.queue.append(.command("ROLLBACK TO SAVEPOINT " + name))
        self.queue.append(.command("RELEASE SAVEPOINT " + name))
        _ = try self.flush()
    }

    /// Sends the queue and checks what came back.
    private func flush() throws(SQLFault) -> [Rows] {
        if let fault = self.fault { throw fault }
        let statements = try self.begun() + self.queue
        let answers = self.queue
        self.queue.removeAll(keepingCapacity: true)
        self.exchanges += 1
        do throws(SQLFault) {
            let results = try self.session.exchange(statements, until: self.deadline).suffix(answers.count)
            self.isOpen = true
            for (statement, rows) in zip(answers, results) {
                if let question = statement.question { self.answers[question] = rows }
            }
            try Self.check(answers, results)
            return Array(results)
        } catch {
            self.isOpen = true
            self.fault = error
            throw error
        }
    }

    private func begun() throws(SQLFault) -> [QueuedStatement] {
        guard !self.isOpen else { return [] }
        var (sql, settings) = (TenantScope.transactionStatement, self.scope.settings)
        if let trace {
            sql = TenantScope.tracedTransactionStatement
            settings.append(.text("\(self.session.applicationName) \(trace)"))
        }
        return [.command("BEGIN"), QueuedStatement(sql, try EncodedParameters(settings))]
    }

    private static func check(_ statements: [QueuedStatement], _ results: ArraySlice<Rows>) throws(SQLFault) {
        for (statement, rows) in zip(statements, results) {
            if !statement.expected.isEmpty {
                assert(
                    rows.isSame(as: statement.expected),
                    "another row than was expected: \(statement.sql.text.prefix(120))"
                )
            }
            guard let expected = statement.expecting, rows.affected != expected else { continue }
            throw SQLFault(
                .expectation,
                "expected \(expected) rows and affected \(rows.affected): \(statement.sql.text.prefix(120))"
            )
        }
    }

    private func commit() throws(SQLFault) {
        if let fault = self.fault { throw fault }
        guard self.isOpen || !self.queue.isEmpty else { return }
        // A count can be checked only before the COMMIT is sent.
        if self.queue.contains(where: { $0.expecting != nil }) { _ = try self.flush() }
        let statements = try self.begun() + self.queue + [.command("COMMIT")]
        guard self.session.isUsable else {
            // Nothing of the COMMIT has left: the server can only roll back.
            throw SQLFault(.connection, "the connection was lost before the COMMIT")
        }
        let answers = self.queue
        self.queue.removeAll()
        do throws(SQLFault) {
            let results = try self.session.exchange(statements, until: Monotonic.now() + Self.commitMicroseconds)
            self.isOpen = false
            try Self.check(answers, results.dropLast().suffix(answers.count))
            // A transaction that had failed answers a COMMIT with ROLLBACK, and no error.
            guard results.last?.isCommand("COMMIT") == true else {
                throw SQLFault(.server, state: "25P02", "the transaction had failed and was rolled back")
            }
        } catch {
            self.isOpen = true
            self.fault = error
            guard error.kind == .connection || error.kind == .deadline || error.isServerGone else { throw error }
            self.session.giveUp()
            throw SQLFault(
                .outcomeUnknown,
                state: error.state,
                "the connection was lost with the COMMIT: \(error.message)"
            )
        }
    }

    private func rollBack() {
        self.queue.removeAll()
        guard self.isOpen, self.session.isUsable else { return }
        do throws(SQLFault) {
            _ = try self.session.exchange([.command("ROLLBACK")], until: Monotonic.now() + Self.rollbackMicroseconds)
        } catch {
            // A session in an unknown state is never used again; closing it rolls back.
            self.session.giveUp()
        }
    }
}
