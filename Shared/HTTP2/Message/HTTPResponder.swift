public import NIOCore
internal import Synchronization

/// The way back for one request: either `send` once, or `start`, any number of `write`s, and `finish`.
///
/// It may be used from any thread: calls made elsewhere hop to the connection's event loop and keep their order.
/// Calls after the end, or after the client has gone, do nothing.
public final class HTTPResponder: Sendable {
    /// The connection's event loop, on which the callbacks run.
    public let eventLoop: any EventLoop
    private let exchange: NIOLoopBound<any ResponseExchange>
    private let flags: ResponseFlags

    init(_ exchange: any ResponseExchange, flags: ResponseFlags, eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.exchange = NIOLoopBound(exchange, eventLoop: eventLoop)
        self.flags = flags
    }

    deinit {
        if self.flags.isEnded { return }
        if self.eventLoop.inEventLoop {
            self.exchange.value.abandon()
        } else {
            self.eventLoop.execute { [exchange] in exchange.value.abandon() }
        }
    }

    /// Answers with a whole response. `content-length` and `date` are added.
    public func send(status: Int, fields: [HTTPField], body: [UInt8]) {
        guard self.flags.end() else { return }
        self.onLoop { $0.send(status: status, fields: fields, body: body) }
    }

    /// Starts a response whose body follows piece by piece (server-sent events).
    public func start(status: Int, fields: [HTTPField]) {
        self.onLoop { $0.start(status: status, fields: fields) }
    }

    /// Adds a piece of body. False when more is waiting than `HTTPLimits.writeBufferBytesMax`: stop until `onDrain`.
    @discardableResult
    public func write(_ bytes: [UInt8]) -> Bool {
        if self.flags.isEnded { return false }
        self.onLoop { $0.write(bytes) }
        return self.flags.isWritable
    }

    /// Ends a response begun by `start`.
    public func finish() {
        guard self.flags.end() else { return }
        self.onLoop { $0.finish() }
    }

    /// Calls back once when the exchange is over: the response is with the transport, or the client has gone.
    public func onClose(_ callback: @escaping @Sendable () -> Void) {
        self.onLoop { $0.onClose(callback) }
    }

    /// Calls back each time the response becomes writable again after `write` returned false.
    public func onDrain(_ callback: @escaping @Sendable () -> Void) {
        self.onLoop { $0.onDrain(callback) }
    }

    private func onLoop(_ action: @escaping @Sendable (any ResponseExchange) -> Void) {
        if self.eventLoop.inEventLoop {
            action(self.exchange.value)
        } else {
            self.eventLoop.execute { [exchange] in action(exchange.value) }
        }
    }
}

/// The connection's side of a responder. Used on its event loop only.
protocol ResponseExchange: AnyObject {
    func send(status: Int, fields: [HTTPField], body: [UInt8])
    func start(status: Int, fields: [HTTPField])
    func write(_ bytes: [UInt8])
    func finish()
    /// The responder was dropped without an end.
    func abandon()
    func onClose(_ callback: @escaping @Sendable () -> Void)
    func onDrain(_ callback: @escaping @Sendable () -> Void)
}

/// What a responder must know without a hop to its loop.
final class ResponseFlags: Sendable {
    private let ended = Atomic<Bool>(false)
    private let writable = Atomic<Bool>(true)

    var isEnded: Bool { self.ended.load(ordering: .acquiring) }

    var isWritable: Bool { self.writable.load(ordering: .acquiring) }

    /// True for the first caller only.
    func end() -> Bool {
        !self.ended.exchange(true, ordering: .acquiringAndReleasing)
    }

    func setWritable(_ writable: Bool) {
        self.writable.store(writable, ordering: .releasing)
    }
}
