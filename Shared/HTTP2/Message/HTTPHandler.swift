/// What a server does with its requests.
public protocol HTTPHandler: Sendable {
    /// Called on the connection's event loop, with the whole body read. Must not block; the answer may be given
    /// now or later, from any thread. A responder dropped without an answer answers 500 by itself.
    func handle(_ request: HTTPRequest, _ responder: HTTPResponder)
}
