internal import HTTP2
internal import Vocabulary

/// What a request is called in its answer, in every log and by every service behind.
enum RequestName {
    static let header = "x-request-id"

    /// The client's `X-Request-Id` where that is a UUID, else a new one.
    static func of(_ request: HTTPRequest, now: Instant) -> String {
        let given = request.first(self.header).flatMap(Identifier.init(_:))
        return (given ?? Identifier.next(at: now)).description
    }
}
