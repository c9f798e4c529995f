public import Vocabulary

/// A service's database: pipelined reads on one thread, transactions on threads of their own.
public final class Database: Sendable {
    public let configuration: DatabaseConfiguration
    private let health: Health
    private let reactor: Reactor
    private let pool: TransactionPool

    public init(_ configuration: DatabaseConfiguration) {
        self.configuration = configuration
        self.health = Health()
        self.pool = TransactionPool(configuration, self.health)
        self.reactor = Reactor(configuration, self.health, self.pool)
    }

    /// Connects, and returns when both kinds of request can be answered. Lost connections are made again for ever.
    public func start() async throws(SQLFault) {
        self.reactor.start()
        self.pool.start(waking: self.reactor.waker)
        do {
            try await self.reactor.whenReady()
        } catch {
            await self.shutdown()
            throw error
        }
    }

    /// Refuses what waits, lets what runs end, closes every connection, and returns when the threads have ended.
    public func shutdown() async {
        await self.pool.shutdown()
        await self.reactor.shutdown()
    }

    /// Runs one statement that reads, on a connection that refuses to write.
    ///
    /// It shares a connection's pipeline with other tenants' reads; row-level security is set anew whenever the
    /// connection was last another tenant's. A read whose connection is lost is sent once more, since it has no effect.
    public func read(
        _ scope: TenantScope,
        _ sql: SQL,
        _ values: [SQLValue] = [],
        deadline: Instant? = nil
    ) async throws(SQLFault) -> Rows {
        self.configuration.observeRead?(scope, sql, values)
        let parameters = try EncodedParameters(values)
        let request = ReadRequest(
            scope: scope,
            sql: sql,
            parameters: parameters,
            expiry: Expiry(deadline, in: self.configuration)
        )
        let outcome = await self.reactor.perform(request)
        self.ended(.read, request.expiry, outcome)
        return try outcome.get()
    }

    /// Runs `body` between BEGIN and COMMIT on a connection's own thread, and returns what it returned.
    ///
    /// `body` cannot suspend, so that no remote call and no cancellation falls inside a transaction. It throws to roll
    /// back. A commit whose answer was lost is ``SQLFault/Kind/outcomeUnknown``.
    @discardableResult
    public func transaction<Output: Sendable>(
        _ scope: TenantScope,
        deadline: Instant? = nil,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Output
    ) async throws -> Output {
        try await self.transaction(scope, deadline) { context in try body(Transaction(context, as: scope)) }
    }

    /// As `transaction`, for the system's work on several organizations at once, each in its own scope (``Visits``).
    @discardableResult
    public func visitingTransaction<Output: Sendable>(
        deadline: Instant? = nil,
        _ body: @escaping @Sendable (borrowing Visits) throws -> Output
    ) async throws -> Output {
        try await self.transaction(.system, deadline) { context in try body(Visits(context)) }
    }

    private func transaction<Output: Sendable>(
        _ scope: TenantScope,
        _ deadline: Instant?,
        _ body: @escaping @Sendable (TransactionContext) throws -> Output
    ) async throws -> Output {
        let expiry = Expiry(deadline, in: self.configuration)
        let outcome = await self.pool.perform(scope, expiry, trace: self.configuration.trace?(), body)
        self.ended(.transaction, expiry, outcome)
        return try outcome.get()
    }

    private func ended<Output, Failure>(
        _ kind: DatabaseOperation.Kind,
        _ expiry: Expiry,
        _ result: Result<Output, Failure>
    ) {
        guard let observe = self.configuration.observe else { return }
        let outcome: DatabaseOperation.Outcome = if case .success = result { .completed } else { .failed }
        let microseconds = Monotonic.now() - expiry.startedAt
        observe(DatabaseOperation(kind: kind, outcome: outcome, microseconds: microseconds))
    }

    /// Figures for metrics and readiness.
    public var state: DatabaseState {
        var state = DatabaseState()
        state.reads = self.reactor.figures
        state.transactions = self.pool.figures
        state.lastFault = self.health.lastFault
        return state
    }
}
