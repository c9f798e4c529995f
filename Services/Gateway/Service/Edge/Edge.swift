internal import Contracts
internal import HTTP2
internal import Logging
internal import NIOCore
internal import Telemetry

/// What all exchanges share: the fields of every answer, the allowed origins, figures and the access log.
final class Edge: Sendable {
    let origins: AllowedOrigins
    let metrics: EdgeMetrics
    let fixedFields: [HTTPField]
    private let logger: Logger
    private let memberPolicy: String
    private let openPolicy: String

    static let strictTransportSecurity = HTTPField("strict-transport-security", "max-age=31536000")

    init(origins: AllowedOrigins, limits: RateLimits, metrics: EdgeMetrics, logger: Logger) {
        self.origins = origins
        self.metrics = metrics
        self.logger = logger
        self.memberPolicy = limits.memberPolicy
        self.openPolicy = limits.openPolicy
        self.fixedFields = [
            HTTPField("x-content-type-options", "nosniff"),
            HTTPField("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            HTTPField("referrer-policy", "no-referrer"),
        ]
    }

    func policy(of standing: RateLimitStanding) -> String {
        standing.name == .address ? self.openPolicy : self.memberPolicy
    }

    /// One line for each request, and its duration under the route's template.
    func finished(_ exchange: Exchange, status: Int, bytes: Int, duration: TimeAmount) {
        if let operation = exchange.operation {
            operation.durations.observe(status: status, nanoseconds: duration.nanoseconds)
        } else {
            self.metrics.observeUnrouted(exchange.request.method, status: status, nanoseconds: duration.nanoseconds)
        }
        guard self.logger.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "method": "\(exchange.request.method)",
            "route": "\(exchange.route)",
            LogKey.status: "\(status)",
            LogKey.durationMilliseconds: "\(Self.milliseconds(duration))",
            LogKey.requestID: "\(exchange.requestID)",
            LogKey.traceID: "\(exchange.trace.traceID)",
            "bytes": "\(bytes)",
        ]
        if let caller = exchange.caller { metadata[LogKey.organizationID] = "\(caller.organization)" }
        self.logger.info("request", metadata: metadata)
    }

    /// With three places, without a formatter.
    static func milliseconds(_ duration: TimeAmount) -> String {
        let (whole, rest) = (max(0, duration.nanoseconds) / 1_000).quotientAndRemainder(dividingBy: 1_000)
        return "\(whole).\(rest < 100 ? rest < 10 ? "00" : "0" : "")\(rest)"
    }
}
