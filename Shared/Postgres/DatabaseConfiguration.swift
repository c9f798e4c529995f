/// Where a service's database is and how much of it the service may use. Times are in milliseconds.
public struct DatabaseConfiguration: Sendable {
    /// A libpq URL. Several hosts with `target_session_attrs=read-write` are tried in turn.
    public var url: String
    /// Connections of the reactor, each with many reads in its pipeline.
    public var readConnections = 4
    /// Connections of transactions, each with its own thread.
    public var transactionConnections = 8
    /// How long a request waits for a connection before it fails as ``SQLFault/Kind/poolExhausted``. Well below half of the 10 s
    /// that a request has, so that the gateway's second try is still answered 503 and not by the deadline's 504.
    public var acquireTimeoutMilliseconds = 2_000
    /// The server ends a statement that runs longer.
    public var statementTimeoutMilliseconds = 10_000
    /// The server ends a wait for a lock that takes longer.
    public var lockTimeoutMilliseconds = 2_000
    /// The server ends a transaction whose client does nothing for longer.
    public var idleInTransactionTimeoutMilliseconds = 10_000
    /// How long one attempt to connect may take, over all hosts of the URL.
    public var connectTimeoutMilliseconds = 10_000
    /// How long ``Database/start()`` waits for the first connections.
    public var startTimeoutMilliseconds = 15_000
    /// How `pg_stat_activity` shows the connections.
    public var applicationName = "throughline"
    /// Prepared statements each connection keeps.
    public var statementCacheMax = 256
    /// Reads in one connection's pipeline at a time.
    public var pipelineDepthMax = 32
    /// Reads that may wait for a place in a pipeline.
    public var readsWaitingMax = 4_096
    /// Transactions that may wait for a connection.
    public var transactionsWaitingMax = 1_024
    /// The trace that the calling task belongs to. A transaction's connection shows it behind ``applicationName``, so that
    /// `pg_stat_activity` and the server's log say whose lock it is. Reads share connections and show none.
    public var trace: (@Sendable () -> String?)?
    /// Told of every read and transaction that was asked for, on the task that asked, when it has ended.
    public var observe: (@Sendable (DatabaseOperation) -> Void)?
    /// Shown every read before it is sent, so that a test can have the planner explain what a service really asks for.
    public var observeRead: (@Sendable (TenantScope, SQL, [SQLValue]) -> Void)?

    public init(url: String) {
        self.url = url
    }
}
