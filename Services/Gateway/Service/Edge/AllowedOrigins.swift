internal import HTTP2

/// Cross-origin requests (CORS), by an exact list. Credentials of a browser are never allowed along: pages of another
/// origin send a token.
struct AllowedOrigins: Hashable, Sendable {
    private let origins: Set<String>

    init(_ origins: [String]) { self.origins = Set(origins) }

    private static let exposed = [
        "etag", "location", "link", "retry-after", "x-request-id", "idempotency-replayed", "ratelimit",
        "ratelimit-policy",
    ].joined(separator: ", ")
    private static let accepted = [
        "authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "dry-run", "last-event-id",
        "traceparent", "x-request-id", "x-request-timeout",
    ].joined(separator: ", ")
    /// How long a browser may remember a preflight's answer.
    private static let preflightSeconds = 600

    /// What an answer says to the page that asked. It varies by origin even where this one gets nothing.
    func fields(for request: HTTPRequest) -> [HTTPField] {
        guard !self.origins.isEmpty else { return [] }
        let vary = HTTPField("vary", "origin")
        guard let origin = request.first("origin"), self.origins.contains(origin) else { return [vary] }
        return [
            vary, HTTPField("access-control-allow-origin", origin),
            HTTPField("access-control-expose-headers", Self.exposed),
        ]
    }

    /// The rest of a preflight's answer; empty where the origin may not.
    func preflightFields(for request: HTTPRequest, methods: [String]) -> [HTTPField] {
        guard request.first("access-control-request-method") != nil, let origin = request.first("origin"),
            self.origins.contains(origin)
        else { return [] }
        return [
            HTTPField("access-control-allow-methods", methods.joined(separator: ", ")),
            HTTPField("access-control-allow-headers", Self.accepted),
            HTTPField("access-control-max-age", String(Self.preflightSeconds)),
        ]
    }
}
