public import Postgres
internal import Synchronization
public import Telemetry

/// A service's database as a part: connects, refuses a database or a role that is not as it must be, and reports.
final class DatabasePart: ProcessPart {
    let name = "database"
    private let database: Database
    private let migrations: [Migration]
    private let isVerified = Atomic(false)

    init(_ database: Database, migrations: [Migration]) {
        self.database = database
        self.migrations = migrations
    }

    func start() async throws {
        try await self.database.start()
        try await Migrator.verify(self.database, migrations: self.migrations)
        self.isVerified.store(true, ordering: .releasing)
    }

    func stop() async { await self.database.shutdown() }

    /// `database`: both pools have a connection. `migrations`: the tables are those this version was built for.
    func addChecks(to health: HealthChecks) {
        health.add("database") {
            let state = self.database.state
            return CheckResult(state.isReady, otherwise: state.lastFault?.message ?? "no connection")
        }
        health.add("migrations") {
            CheckResult(self.isVerified.load(ordering: .acquiring), otherwise: "not verified yet")
        }
    }

    /// The pools' own figures, read when scraped.
    func addMetrics(to registry: MetricsRegistry) {
        let database = self.database
        registry.observed(
            "db_pool_connections",
            help: "Database connections by pool and by what they do.",
            kind: .gauge,
            labels: ["pool", "state"]
        ) {
            Self.samples(database) { pool, name in
                [
                    Sample(Double(max(0, pool.connected - pool.busy)), labels: [name, "idle"]),
                    Sample(Double(min(pool.busy, pool.connected)), labels: [name, "busy"]),
                    Sample(Double(max(0, pool.size - pool.connected)), labels: [name, "missing"]),
                ]
            }
        }
        registry.observed(
            "db_pool_waiting_requests",
            help: "Requests that wait for a database connection.",
            kind: .gauge,
            labels: ["pool"]
        ) { Self.samples(database) { pool, name in [Sample(Double(pool.waiting), labels: [name])] } }
    }

    private static func samples(
        _ database: Database,
        _ read: (_ pool: DatabaseState.Pool, _ name: String) -> [Sample]
    ) -> [Sample] {
        let state = database.state
        return read(state.reads, "read") + read(state.transactions, "transaction")
    }
}

extension DatabaseConfiguration {
    /// What nobody called for: consumers, sweeps, checks at the start.
    static let background = "-"

    /// Measures what is asked of the database, by the call that asked; transactions show the call's trace.
    public func instrumented(by metrics: ServiceMetrics) -> DatabaseConfiguration {
        var configuration = self
        let duration = metrics.dbClientOperation
        configuration.trace = { CallScope.current?.traceID }
        configuration.observe = { ended in
            duration.observe(
                .microseconds(ended.microseconds),
                ended.kind.rawValue,
                CallScope.current?.operation ?? Self.background,
                ended.outcome.rawValue
            )
        }
        return configuration
    }
}
