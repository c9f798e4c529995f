internal import DequeModule

/// One connection of the reactor with the groups in its pipeline. Used on the reactor's thread only.
final class ReadConnection {
    /// A request and how often it has been sent.
    struct Attempt {
        let request: ReadRequest
        var count = 0
    }

    /// What a sync group consists of, in the order it is sent.
    struct Steps: OptionSet {
        let rawValue: UInt8
        static let setup = Steps(rawValue: 1)
        static let scopeStatement = Steps(rawValue: 2)
        static let deallocate = Steps(rawValue: 4)
        static let prepare = Steps(rawValue: 8)
        static let scope = Steps(rawValue: 16)
        static let statement = Steps(rawValue: 32)

        var first: Steps { Steps(rawValue: self.rawValue & (~self.rawValue &+ 1)) }
    }

    struct Group {
        /// `nil` for the session's set-up.
        let attempt: Attempt?
        let steps: Steps
        var left: Steps
        /// The prepared statement's name, if there is one.
        var statement: String?
        var prepared = false
        var rows: Rows?
        var fault: SQLFault?
        var abandonedAt: Int64?
    }

    enum Phase {
        case connecting
        case settingUp
        case ready
        /// Answers what is in flight and takes nothing new.
        case retiring
    }

    let token: Int
    let session: Session
    let generation: Int
    /// How the hosts were ordered for it.
    let turns: Int
    let connectBy: Int64
    var phase = Phase.connecting
    var inFlight: Deque<Group> = []
    var scope = ScopeStateMachine()
    var statements: StatementCache
    /// Whether the poller watches for a writable socket.
    var isWatchedForWriting = false
    var needsFlush = false

    init(token: Int, _ configuration: DatabaseConfiguration, _ health: Health) throws(SQLFault) {
        self.token = token
        self.generation = health.generation
        self.connectBy = Monotonic.now() + Int64(configuration.connectTimeoutMilliseconds) * 1_000
        self.statements = StatementCache(capacity: configuration.statementCacheMax)
        self.turns = health.turns
        self.session = try Session(connecting: configuration, turned: self.turns)
    }

    func setUp(_ configuration: DatabaseConfiguration) throws(SQLFault) {
        try self.session.execute(SessionSetup.sql, SessionSetup.parameters(configuration, readOnly: true))
        try self.session.prepare(SessionSetup.scopeStatementName, TenantScope.sessionStatement)
        try self.session.sync()
        let steps: Steps = [.setup, .scopeStatement]
        self.inFlight.append(Group(attempt: nil, steps: steps, left: steps))
        self.phase = .settingUp
        self.needsFlush = true
    }

    /// Puts a request into the pipeline: what it needs of scope and preparation, its statement, and a sync of its own,
    /// so that its failure ends with it.
    func send(_ attempt: Attempt) throws(SQLFault) {
        let request = attempt.request
        var steps: Steps = .statement
        let name = try self.prepare(attempt, &steps)
        if !self.scope.isCertain(of: request.scope) {
            steps.insert(.scope)
            try self.setScope(request.scope)
        }
        if let name {
            try self.session.execute(prepared: name, request.parameters)
        } else {
            try self.session.execute(request.sql.text, request.parameters)
        }
        try self.session.sync()
        self.inFlight.append(Group(attempt: attempt, steps: steps, left: steps, statement: name))
        self.needsFlush = true
    }

    /// The prepared statement's name, or `nil` for a request sent again. That one relies on nobody's preparation,
    /// since an earlier request's that failed may be why it is sent again.
    private func prepare(_ attempt: Attempt, _ steps: inout Steps) throws(SQLFault) -> String? {
        guard attempt.count == 1 else { return nil }
        let sql = attempt.request.sql
        if let known = self.statements.name(of: sql) { return known }
        let (name, evicted) = self.statements.insert(sql)
        if let evicted {
            steps.insert(.deallocate)
            try self.session.execute("DEALLOCATE \(evicted)")
        }
        steps.insert(.prepare)
        try self.session.prepare(name, sql)
        return name
    }

    /// Takes one step of an answer. Returns the group it completes.
    func receive(_ step: Session.Step) throws(SQLFault) -> Group? {
        guard !self.inFlight.isEmpty else { throw SQLFault(.connection, "the server answered what was not asked") }
        let current = self.inFlight[0].left.first
        switch step {
        case .rows(let rows):
            if current == .prepare { self.inFlight[0].prepared = true }
            // The scope's own row is of no interest; the statement's are the answer, the set-up's are checked.
            if current == .statement || current == .setup { self.inFlight[0].rows = rows }
            return nil
        case .fault(let fault):
            self.inFlight[0].fault = self.inFlight[0].fault ?? fault
            return nil
        case .skipped:
            return nil
        case .end:
            self.inFlight[0].left.remove(current)
            return nil
        case .sync:
            return self.complete()
        }
    }

    private func complete() -> Group? {
        guard let group = self.inFlight.popFirst() else { return nil }
        if let request = group.attempt?.request {
            let failed = group.fault != nil
            self.scope.answered(request.scope, hadSetting: group.steps.contains(.scope), failed: failed)
            let isLost = group.steps.contains(.prepare) && !group.prepared
            if let name = group.statement, isLost || group.fault?.isStalePlan == true {
                self.statements.remove(request.sql, named: name)
            }
        }
        return group
    }

    private func setScope(_ scope: TenantScope) throws(SQLFault) {
        let parameters = try EncodedParameters(scope.settings)
        try self.session.execute(prepared: SessionSetup.scopeStatementName, parameters)
        self.scope.sent(scope)
    }
}
