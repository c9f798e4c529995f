internal import DequeModule

/// One connection of the reactor with the groups in its pipeline. Used on the reactor's thread only.
final class ReadConnection {
    /// A request and how often it has been sent.
    struct Attempt {
        let request: ReadRequest
        var count = 0
    }

    /// What is sent for a request, in this order.
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

    /// A request in the pipeline, or the session's set-up.
    struct Group {
        /// `nil` for the session's set-up.
        let attempt: Attempt?
        let steps: Steps
        var left: Steps
        /// Whether the sync of those sent together comes behind it.
        var endsSync = false
        /// The prepared statement's name, if there is one.
        var statement: String?
        var prepared = false
        var rows: Rows?
        var fault: SQLFault?
        /// One that was sent with it, and before it, failed: nothing was done for it.
        var isSkipped = false
        var abandonedAt: Int64?
    }

    /// The most requests that share a sync.
    static let togetherMax = 8

    /// Requests that were sent and have no sync behind them yet.
    private struct Together {
        let sql: SQL
        let count: Int
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
    private var together: Together?
    /// The scopes of the answered requests whose sync has not come.
    private var answeredScopes: [(scope: TenantScope, hadSetting: Bool)] = []
    private var syncHasFailed = false

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
        self.inFlight.append(Group(attempt: nil, steps: steps, left: steps, endsSync: true))
        self.phase = .settingUp
        self.needsFlush = true
    }

    /// Whether a request of this statement would share the sync of those sent before it.
    ///
    /// The server answers when the sync comes, and libpq writes to the socket with each: requests of one turn of the loop that
    /// share it cost one message either way. Only those of one statement do, which take alike long, so that a quick
    /// one does not wait for the answer to a slow one behind it.
    func takesAlong(_ sql: SQL) -> Bool {
        guard let together else { return false }
        return self.phase == .ready && together.count < Self.togetherMax && together.sql == sql
    }

    /// Puts a request into the pipeline: what it needs of scope and preparation, and its statement. One that is sent again is
    /// alone with its sync: it may be the failure of another that it is sent again for.
    func send(_ attempt: Attempt) throws(SQLFault) {
        let request = attempt.request
        let isAlone = attempt.count > 1
        if isAlone || !self.takesAlong(request.sql) { try self.sync() }
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
        self.inFlight.append(Group(attempt: attempt, steps: steps, left: steps, statement: name))
        self.together = Together(sql: request.sql, count: (self.together?.count ?? 0) + 1)
        self.needsFlush = true
        if isAlone { try self.sync() }
    }

    /// Ends what has been sent together: the failure of one reaches no further than this.
    func sync() throws(SQLFault) {
        guard self.together != nil else { return }
        self.together = nil
        self.inFlight[self.inFlight.count - 1].endsSync = true
        try self.session.sync()
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
            self.syncHasFailed = true
            return nil
        case .skipped:
            self.inFlight[0].isSkipped = self.inFlight[0].fault == nil
            return nil
        case .end:
            self.inFlight[0].left.remove(current)
            return self.inFlight[0].left.isEmpty && !self.inFlight[0].endsSync ? self.complete() : nil
        case .sync:
            let group = self.complete()
            // A setting lasts only if all that was sent with it succeeded.
            for (scope, hadSetting) in self.answeredScopes {
                self.scope.answered(scope, hadSetting: hadSetting, failed: self.syncHasFailed)
            }
            self.answeredScopes.removeAll(keepingCapacity: true)
            self.syncHasFailed = false
            return group
        }
    }

    private func complete() -> Group? {
        guard let group = self.inFlight.popFirst() else { return nil }
        if let request = group.attempt?.request {
            self.answeredScopes.append((request.scope, group.steps.contains(.scope)))
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
