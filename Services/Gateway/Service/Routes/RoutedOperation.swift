internal import Contracts
internal import Telemetry

/// An operation with everything the request path needs, made ready once so that a request looks nothing up twice.
final class RoutedOperation: Sendable {
    let service: String
    /// The name on the wire, such as `crm.deal.advance/1`.
    let wireName: String
    let route: Route
    /// The names in the template's braces, in order.
    let pathParameters: [String]
    let access: Access
    /// The services that the assertion is made out to.
    let audience: [String]
    /// Media types of the body; empty where the operation takes none.
    let mediaTypes: [String]
    let takesIdempotencyKey: Bool
    /// What it does to the session that a browser holds in cookies; `nil` for nearly all.
    let session: SessionEffect?
    let isStream: Bool
    /// Whether a stream can begin after a given position, so that `Last-Event-ID` resumes it.
    let resumesAfter: Bool
    let durations: DurationsByStatus

    init(_ operation: CatalogOperation, service: String, route: Route, metrics: ServiceMetrics) {
        self.service = service
        self.wireName = operation.wireName
        self.route = route
        self.pathParameters = route.parameters
        self.access = operation.access
        self.audience = [service] + operation.calls.filter { $0 != service }
        self.mediaTypes = Self.mediaTypes(operation.request?.contentType)
        self.takesIdempotencyKey = operation.idempotency != .unsupported
        self.session = operation.session
        self.isStream = operation.isStream
        self.resumesAfter = operation.isStream && operation.hasParameter("after", in: "query")
        self.durations = DurationsByStatus(metrics, method: route.method.rawValue, route: route.template)
    }

    /// A merge patch of plain values is the same document in either media type, and many clients know only one.
    private static func mediaTypes(_ contentType: String?) -> [String] {
        guard let contentType else { return [] }
        return contentType == MediaType.mergePatch ? [MediaType.mergePatch, MediaType.json] : [contentType]
    }

    /// Whether the call may be made twice without harm.
    func isRepeatable(withKey hasIdempotencyKey: Bool) -> Bool {
        self.route.method.isSafe || hasIdempotencyKey && self.takesIdempotencyKey
    }
}

/// Media types that are compared or written in more than one place.
enum MediaType {
    static let json = "application/json"
    static let mergePatch = "application/merge-patch+json"
    static let problem = "application/problem+json"
    static let eventStream = "text/event-stream"
    static let html = "text/html; charset=utf-8"
    static let text = "text/plain; charset=utf-8"
    static let css = "text/css; charset=utf-8"
    static let javaScript = "text/javascript; charset=utf-8"
}
