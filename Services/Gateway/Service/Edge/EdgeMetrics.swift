internal import Contracts
internal import HTTP2
internal import Synchronization
internal import Telemetry

/// The durations of one route's requests; the series are looked up once for each status.
final class DurationsByStatus: Sendable {
    private let histogram: Histogram
    private let method: String
    private let route: String
    private let series = Mutex<[Int: Histogram.Series]>([:])

    init(_ metrics: ServiceMetrics, method: String, route: String) {
        self.histogram = metrics.httpServerRequest
        self.method = method
        self.route = route
    }

    func observe(status: Int, nanoseconds: Int64) {
        let series = self.series.withLock { known in
            if let series = known[status] { return series }
            let series = self.histogram.with(self.method, self.route, String(status))
            known[status] = series
            return series
        }
        series.observe(nanoseconds: nanoseconds)
    }
}

/// The gateway's own figures.
final class EdgeMetrics: Sendable {
    private let requests: Histogram
    private let refusals: Counter
    let activeStreams: Gauge.Series

    /// Methods that get a label of their own where no route matched; anybody may send any word.
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]

    init(_ metrics: ServiceMetrics) {
        self.requests = metrics.httpServerRequest
        self.refusals = metrics.registry.counter(
            "gateway_refusals_total",
            help: "Requests that the gateway itself refused, by the code of the problem.",
            labels: ["reason"]
        )
        self.activeStreams = metrics.registry.gauge(
            "gateway_streams_active",
            help: "Server-sent event streams that are open."
        ).with()
    }

    func refused(_ code: Fault.Code) { self.refusals.increment(code.rawValue) }

    func observeUnrouted(_ method: String, status: Int, nanoseconds: Int64) {
        let method = Self.methods.contains(method) ? method : "other"
        self.requests.with(method, "-", String(status)).observe(nanoseconds: nanoseconds)
    }

    /// What the transport counts, read when somebody asks.
    static func observe(_ server: HTTPServer, in registry: MetricsRegistry) {
        registry.observed("http_server_connections", help: "Client connections that are open.", kind: .gauge) {
            [Sample(Double(server.statistics.connectionsOpen))]
        }
        registry.observed(
            "http_server_refusals_total",
            help: "Connections and requests that the transport turned away.",
            kind: .counter,
            labels: ["reason"]
        ) {
            server.statistics.refusals.map { Sample(Double($0.value), labels: [$0.key.rawValue]) }
                .sorted { $0.labels[0] < $1.labels[0] }
        }
    }
}
