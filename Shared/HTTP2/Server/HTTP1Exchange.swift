internal import NIOCore

/// One request and its response on an HTTP/1.1 connection.
final class HTTP1Exchange: ResponseExchange {
    let flags = ResponseFlags()
    var request: HTTPRequest
    var pace: BodyPace?
    let isKeptAlive: Bool
    private let connection: HTTP1ServerHandler
    private(set) var isResponding = false
    private(set) var isComplete = false
    var isHandlerRunning = false
    private(set) var isClosed = false
    private var closeCallbacks: [@Sendable () -> Void] = []
    private var drainCallback: (@Sendable () -> Void)?

    init(_ request: HTTPRequest, isKeptAlive: Bool, connection: HTTP1ServerHandler) {
        self.request = request
        self.isKeptAlive = isKeptAlive
        self.connection = connection
    }

    func send(status: Int, fields: [HTTPField], body: [UInt8]) {
        defer { self.handlerEnded() }
        guard !self.isClosed, !self.isResponding else { return self.endBody() }
        self.isResponding = true
        let mayHaveBody = status >= 200 && status != 204 && status != 304
        self.connection.writeHead(self, status, fields, contentLength: mayHaveBody ? body.count : nil)
        if mayHaveBody && !body.isEmpty && self.request.method != "HEAD" { self.connection.writeBody(body) }
        self.endBody()
    }

    func start(status: Int, fields: [HTTPField]) {
        guard !self.isClosed, !self.isResponding else { return }
        self.isResponding = true
        self.connection.writeHead(self, status, fields, contentLength: nil)
        self.connection.flush()
    }

    func write(_ bytes: [UInt8]) {
        guard !self.isClosed, self.isResponding, self.request.method != "HEAD", !bytes.isEmpty else { return }
        self.connection.writeBody(bytes)
        self.connection.flush()
    }

    func finish() {
        self.endBody()
        self.handlerEnded()
    }

    func abandon() {
        if self.isHandlerRunning && !self.isClosed { self.connection.handlerDropped(self) }
        self.handlerEnded()
    }

    func onClose(_ callback: @escaping @Sendable () -> Void) {
        if self.isClosed { callback() } else { self.closeCallbacks.append(callback) }
    }

    func onDrain(_ callback: @escaping @Sendable () -> Void) {
        self.drainCallback = callback
    }

    func writabilityChanged(_ isWritable: Bool) {
        self.flags.setWritable(isWritable)
        if isWritable { self.drainCallback?() }
    }

    func closed() {
        guard !self.isClosed else { return }
        self.isClosed = true
        self.flags.setWritable(false)
        self.drainCallback = nil
        let callbacks = self.closeCallbacks
        self.closeCallbacks = []
        for callback in callbacks { callback() }
    }

    private func endBody() {
        guard !self.isClosed, self.isResponding, !self.isComplete else { return }
        self.isComplete = true
        self.connection.endResponse(self)
    }

    private func handlerEnded() {
        guard self.isHandlerRunning else { return }
        self.isHandlerRunning = false
        self.connection.core.counters.requestEnded()
    }
}
