/// The metrics that every process of Throughline has, by the names of the ecosystem. A service adds its own to `registry`.
public struct ServiceMetrics: Sendable {
    public let registry: MetricsRegistry
    /// Requests at the edge. `route` is the template, such as `/v1/deals/{id}`.
    public let httpServerRequest: Histogram
    /// Calls a service answered. `status` is `ok` or the fault's code.
    public let rpcServer: Histogram
    /// Calls a service or the gateway made; streams are open for as long as they are wanted, and not measured.
    public let rpcClient: Histogram
    /// Reads and transactions (`kind`) by the operation that asked for them, `-` for work that nobody called for.
    public let dbClientOperation: Histogram
    /// How far a consumer is behind the newest event of a producer.
    public let eventLag: Gauge
    /// Events that were set aside after failing too often (`parked`), and those that wait behind one (`blocked`).
    public let parkedEvents: Gauge
    /// Times that a sweep could not serve an organization, while the others had their turn.
    public let sweepFailures: Counter

    public init(registry: MetricsRegistry = MetricsRegistry()) {
        self.registry = registry
        self.httpServerRequest = registry.histogram(
            "http_server_request_duration_seconds",
            help: "Time from the head of a request to the end of its response.",
            labels: ["method", "route", "status"]
        )
        self.rpcServer = registry.histogram(
            "rpc_server_duration_seconds",
            help: "Time a service took to answer a call.",
            labels: ["operation", "status"]
        )
        self.rpcClient = registry.histogram(
            "rpc_client_duration_seconds",
            help: "Time from making a call to its answer, tries included.",
            labels: ["service", "operation", "status"]
        )
        self.dbClientOperation = registry.histogram(
            "db_client_operation_duration_seconds",
            help: "Time a read or a transaction took, waiting for a connection included.",
            labels: ["kind", "operation", "outcome"]
        )
        self.eventLag = registry.gauge(
            "event_lag_seconds",
            help: "Age of the oldest event of a producer that is not consumed yet.",
            labels: ["producer"]
        )
        self.parkedEvents = registry.gauge(
            "parked_events",
            help: "Events set aside: parked after failing too often, blocked behind a parked one.",
            labels: ["state"]
        )
        self.sweepFailures = registry.counter(
            "sweep_failures_total",
            help: "Times that a sweep could not serve an organization; the others had their turn.",
            labels: ["sweep"]
        )
    }
}
