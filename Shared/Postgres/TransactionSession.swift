/// A thread's connection with its prepared statements. Used by that thread only.
final class TransactionSession {
    private let session: Session
    /// How `pg_stat_activity` shows the connection between transactions.
    let applicationName: String
    private let health: Health
    private let generation: Int
    private var statements: StatementCache
    /// Names to deallocate with the next statements.
    private var evicted: [String] = []
    private var isGivenUp = false

    init(_ configuration: DatabaseConfiguration, _ health: Health) throws(SQLFault) {
        self.applicationName = configuration.applicationName
        self.health = health
        self.generation = health.generation
        self.statements = StatementCache(capacity: configuration.statementCacheMax)
        self.session = try Session.connect(configuration, health, readOnly: false)
    }

    var isUsable: Bool { !self.isGivenUp && !self.session.isBroken && self.generation == self.health.generation }
    var isQuiet: Bool { self.session.isQuiet }

    /// Closes the connection when the thread lets go of it, and uses it no more.
    func giveUp() {
        self.isGivenUp = true
    }

    /// Sends statements in one group and waits for their results, which come in the statements' order.
    func exchange(_ statements: [QueuedStatement], until deadline: Int64) throws(SQLFault) -> [Rows] {
        var preparing: [SQL: String] = [:]
        var steps: [Step] = []
        do throws(SQLFault) {
            // Only where a transaction begins: a failed one refuses everything but its rollback.
            for name in statements.first?.sql == "BEGIN" ? self.evicted : [] {
                try self.session.execute("DEALLOCATE \(name)")
                steps.append(.deallocate)
            }
            for statement in statements {
                guard statement.isPrepared else {
                    try self.session.execute(statement.sql.text, statement.parameters)
                    steps.append(.statement)
                    continue
                }
                try self.session.execute(
                    prepared: self.name(of: statement.sql, &preparing, &steps),
                    statement.parameters
                )
                steps.append(.statement)
            }
            try self.session.sync()
            return try self.receive(steps, preparing, until: deadline)
        } catch {
            self.judge(error)
            throw error
        }
    }

    private enum Step {
        case deallocate
        case prepare(SQL)
        case statement
    }

    private func name(
        of sql: SQL,
        _ preparing: inout [SQL: String],
        _ steps: inout [Step]
    ) throws(SQLFault) -> String {
        if let name = self.statements.name(of: sql) ?? preparing[sql] { return name }
        let (name, evicted) = self.statements.insert(sql)
        if let evicted { self.evicted.append(evicted) }
        preparing[sql] = name
        try self.session.prepare(name, sql)
        steps.append(.prepare(sql))
        return name
    }

    private func receive(
        _ steps: [Step],
        _ preparing: [SQL: String],
        until deadline: Int64
    ) throws(SQLFault) -> [Rows] {
        var results: [Rows] = []
        var fault: SQLFault?
        var index = 0
        var unprepared = preparing
        var deallocated = 0
        while true {
            switch try self.nextStep(after: fault, until: deadline) {
            case .rows(let rows):
                guard index < steps.count else { throw SQLFault(.connection, "an answer nobody asked for") }
                switch steps[index] {
                case .deallocate: deallocated += 1
                case .prepare(let sql): unprepared[sql] = nil
                case .statement: results.append(rows)
                }
            case .fault(let failure): fault = fault ?? failure
            case .skipped: break
            case .end: index += 1
            case .sync:
                self.evicted.removeFirst(deallocated)
                self.evicted.removeAll { unprepared.values.contains($0) }
                for (sql, name) in unprepared { self.statements.remove(sql, named: name) }
                if fault?.isStalePlan == true { self.forgetStatements() }
                if let fault { throw fault }
                return results
            }
            if self.session.isBroken { throw fault ?? self.session.connectionFault() }
        }
    }

    /// The next step; where the connection ends instead, the reason the server gave before says more.
    private func nextStep(after fault: SQLFault?, until deadline: Int64) throws(SQLFault) -> Session.Step {
        do throws(SQLFault) {
            return try self.session.nextStep(until: deadline)
        } catch {
            throw error.kind == .connection ? fault ?? error : error
        }
    }

    /// Which of a group's statements is stale is not known: all are prepared again.
    private func forgetStatements() {
        self.statements = StatementCache(capacity: self.statements.capacity)
    }

    /// Decides what a fault means for this connection and the others.
    private func judge(_ fault: SQLFault) {
        if self.session.isBroken || fault.isServerGone || fault.isReadOnlyServer || fault.kind == .connection {
            self.giveUp()
            self.health.discardConnections(because: fault, madeIn: self.generation)
        }
        // The answer may still come: nobody can tell it from the next one's.
        if fault.kind == .deadline { self.giveUp() }
    }
}
