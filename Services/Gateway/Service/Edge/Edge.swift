internal import Contracts
internal import HTTP2
internal import NIOCore
internal import Telemetry

/// What all exchanges share: the fields of every answer, the allowed origins, figures and the access log.
final class Edge: Sendable {
    let origins: AllowedOrigins
    let metrics: EdgeMetrics
    private let accessLog: AccessLog?
    private let memberPolicy: String
    private let openPolicy: String

    private static let fixedFields = [
        HTTPField("x-content-type-options", "nosniff"),
        HTTPField("referrer-policy", "no-referrer"),
    ]
    /// What is answered is no page: nothing in it is loaded or run.
    static let policy = HTTPField("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
    private static let strictTransportSecurity = HTTPField("strict-transport-security", "max-age=31536000")

    init(origins: AllowedOrigins, limits: RateLimits, metrics: EdgeMetrics, accessLog: AccessLog?) {
        self.origins = origins
        self.metrics = metrics
        self.accessLog = accessLog
        self.memberPolicy = limits.memberPolicy
        self.openPolicy = limits.openPolicy
    }

    /// The fields of every answer, also of those that the transport gives by itself.
    static func fields(
        to request: HTTPRequest,
        requestID: String,
        isPublic: Bool = false,
        policy: HTTPField = Edge.policy
    ) -> [HTTPField] {
        var fields = self.fixedFields
        fields.append(policy)
        fields.append(HTTPField(RequestName.header, requestID))
        fields.append(HTTPField("cache-control", isPublic ? "public, max-age=60" : "private, no-store"))
        if request.isTLS { fields.append(self.strictTransportSecurity) }
        return fields
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
        self.accessLog?.append(
            AccessLog.Entry(
                method: exchange.request.method,
                route: exchange.route,
                status: status,
                bytes: bytes,
                nanoseconds: duration.nanoseconds,
                requestID: exchange.requestID,
                trace: exchange.trace,
                organization: exchange.caller?.organization
            )
        )
    }
}
