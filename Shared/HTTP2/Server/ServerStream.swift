internal import NIOCore

/// One request and its response on an HTTP/2 connection. Lives on the connection's loop.
final class ServerStream: ResponseExchange {
    enum Phase: Hashable {
        /// Fields are coming.
        case head
        /// The body is coming.
        case body
        /// The handler has the request.
        case handling
        /// Answered by the transport itself; what still comes is ignored.
        case refused
    }

    let id: Int32
    let flags = ResponseFlags()
    private let connection: HTTP2ServerHandler

    // The request, as it comes.
    var phase = Phase.head
    var request: HTTPRequest
    var fieldBytes = 0
    var fieldCount = 0
    var isOversized = false
    var isMalformed = false
    var pace: BodyPace?
    /// Body bytes received for which the stream's window has not been opened again.
    var withheldBytes = 0
    /// What this stream adds to the connection's `bodyBytesBuffered`.
    var bufferedBytes = 0

    // The response, as it goes.
    private(set) var isResponding = false
    var outbound = OutboundBody()
    /// When the peer had last taken enough, or there was last nothing to take.
    private(set) var lastProgress: NIODeadline
    private var progressBytes = 0
    /// When the last of the response went, if the request was not complete then.
    var answeredEarly: NIODeadline?
    private var isHandlerRunning = false
    private(set) var isClosed = false
    private var closeCallbacks: [@Sendable () -> Void] = []
    private var drainCallback: (@Sendable () -> Void)?

    init(id: Int32, connection: HTTP2ServerHandler, request: HTTPRequest, now: NIODeadline) {
        self.id = id
        self.connection = connection
        self.request = request
        self.lastProgress = now
    }

    func handlerStarted() {
        self.phase = .handling
        self.isHandlerRunning = true
    }

    private func handlerEnded() {
        guard self.isHandlerRunning else { return }
        self.isHandlerRunning = false
        self.connection.handlerEnded(self)
    }

    // MARK: ResponseExchange

    func send(status: Int, fields: [HTTPField], body: [UInt8]) {
        defer { self.handlerEnded() }
        guard !self.isClosed, !self.isResponding else { return self.finishBody() }
        self.isResponding = true
        let mayHaveBody = status >= 200 && status != 204 && status != 304
        let sendsBody = mayHaveBody && !body.isEmpty && self.request.method != "HEAD"
        if sendsBody { self.outbound = OutboundBody(whole: body) }
        self.lastProgress = self.connection.now
        self.connection.respond(
            self,
            status: status,
            fields: fields,
            contentLength: mayHaveBody ? body.count : nil,
            hasBody: sendsBody
        )
    }

    func start(status: Int, fields: [HTTPField]) {
        guard !self.isClosed, !self.isResponding else { return }
        self.isResponding = true
        self.lastProgress = self.connection.now
        let hasBody = self.request.method != "HEAD"
        self.connection.respond(self, status: status, fields: fields, contentLength: nil, hasBody: hasBody)
    }

    func write(_ bytes: [UInt8]) {
        guard !self.isClosed, self.isResponding, self.request.method != "HEAD" else { return }
        if self.outbound.count == 0 { self.lastProgress = self.connection.now }
        self.outbound.append(bytes)
        if self.outbound.count > self.connection.limits.writeBufferBytesMax { self.flags.setWritable(false) }
        self.connection.bodyGrew(self)
    }

    func finish() {
        self.finishBody()
        self.handlerEnded()
    }

    func abandon() {
        if self.isHandlerRunning { self.connection.handlerDropped(self) }
        self.handlerEnded()
    }

    func onClose(_ callback: @escaping @Sendable () -> Void) {
        if self.isClosed { callback() } else { self.closeCallbacks.append(callback) }
    }

    func onDrain(_ callback: @escaping @Sendable () -> Void) {
        self.drainCallback = callback
    }

    private func finishBody() {
        guard !self.isClosed, self.isResponding, !self.outbound.isFinished else { return }
        self.outbound.finish()
        self.connection.bodyGrew(self)
    }

    // MARK: From the connection

    func readBody(into target: UnsafeMutableRawBufferPointer, now: NIODeadline) -> OutboundBody.Read {
        let before = self.outbound.count
        let read = self.outbound.read(into: target)
        self.progressBytes += before - self.outbound.count
        if self.outbound.count == 0 || self.progressBytes >= self.connection.limits.responseProgressBytesMin {
            self.lastProgress = now
            self.progressBytes = 0
        }
        if !self.flags.isWritable, self.outbound.count <= self.connection.limits.writeBufferBytesMax / 2 {
            self.flags.setWritable(true)
            // Not from here: we are inside the session's `send`, and the callback will want to write.
            if let drainCallback { self.connection.eventLoop.execute(drainCallback) }
        }
        return read
    }

    /// The stream is gone, whoever ended it.
    func closed() {
        guard !self.isClosed else { return }
        self.isClosed = true
        self.flags.setWritable(false)
        self.outbound.clear()
        self.drainCallback = nil
        let callbacks = self.closeCallbacks
        self.closeCallbacks = []
        for callback in callbacks { callback() }
    }
}
