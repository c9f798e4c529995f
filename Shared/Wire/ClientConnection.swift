internal import Contracts
internal import NIOCore
internal import Synchronization

/// One call as its connection knows it: who waits for the answer, and until when.
struct PendingCall {
    enum Waiter {
        case unary(@Sendable (Result<WireReply, CallFailure>) -> Void)
        case stream(StreamInbox)
    }

    var waiter: Waiter
    var deadline: NIODeadline?
    /// Set when it is sent.
    var cancellation: CallCancellation?
}

/// Why a connection has no answer to a call.
enum CallFailure: Error, Hashable {
    /// Nothing was sent: the call may be made elsewhere, whatever it does.
    case notSent
    /// The connection was lost after the call was sent: it may have been carried out.
    case lost
    case deadlineExceeded
    case cancelled
    case violation(String)
}

/// A client's side of one connection: carries out what its state machine decides, on its event loop.
final class ClientConnection: FrameLinkDelegate {
    /// What the connection's owner wants to know.
    struct Events {
        var opened: (Peer) -> Void
        var draining: () -> Void
        /// With what was said about why, by either side.
        var closed: (CloseHead?) -> Void
    }

    private let eventLoop: any EventLoop
    private let limits: WireLimits
    private let handshake: ([String]?) -> Handshake
    private let inFlight: InFlight
    private var events: Events?
    private var closeReason: CloseHead?
    private var link: FrameLink<ClientConnection>?
    private var machine: ClientConnectionStateMachine<PendingCall>?
    private var deadlineByID: [UInt32: NIODeadline] = [:]
    private var deadlines = DeadlineTimer()

    init(
        link: FrameLink<ClientConnection>,
        eventLoop: any EventLoop,
        limits: WireLimits,
        inFlight: InFlight,
        handshake: @escaping ([String]?) -> Handshake,
        events: Events
    ) {
        self.link = link
        self.eventLoop = eventLoop
        self.limits = limits
        self.inFlight = inFlight
        self.handshake = handshake
        self.events = events
    }

    var linkIsOpen: Bool { self.machine?.isOpen ?? false }

    func linkConnected(certificateNames: [String]?) {
        var machine = ClientConnectionStateMachine<PendingCall>(
            self.handshake(certificateNames),
            callsMax: self.limits.callsPerConnectionMax
        )
        let hello = machine.connected()
        self.machine = consume machine
        if let hello { self.link?.send(hello) }
    }

    func linkReceived(_ frame: Frame) {
        if case .close(let reason) = frame.head { self.closeReason = reason }
        guard let step = self.machine?.received(frame.head) else { return }
        switch step.action {
        case .ignore: break
        case .send(let head): self.link?.send(head)
        case .open(let peer):
            self.link?.peerIsKnown()
            self.events?.opened(peer)
        case .reply(let call, let head): self.replied(call, WireReply(head, body: frame.body), head.id)
        case .item(let call): self.item(call, frame)
        case .end(let call, let end): self.ended(call, end, frame.body)
        case .drain: self.events?.draining()
        case .close(let reason):
            self.closeReason = reason ?? self.closeReason
            self.link?.close(reason)
        }
        if step.isLast { self.link?.close(nil) }
    }

    func linkClosed() {
        self.link = nil
        self.deadlines.cancel()
        self.deadlineByID = [:]
        let events = self.events
        self.events = nil
        events?.closed(self.closeReason)
        for call in self.machine?.closed() ?? [] { self.fail(call, .lost) }
    }

    // MARK: - Calls

    func start(_ head: CallHead, body: [UInt8], _ call: PendingCall) {
        if call.cancellation?.isCancelled == true { return self.fail(call, .cancelled) }
        switch self.machine?.start(call) {
        case .send(let id): self.send(head, id, body, call)
        case .refuse, nil: self.fail(call, .notSent)
        }
    }

    private func send(_ head: CallHead, _ id: UInt32, _ body: [UInt8], _ call: PendingCall) {
        var head = head
        head.id = id
        if let deadline = call.deadline {
            let left = deadline - .now() - TimeAmount(self.limits.deadlineMargin)
            // A little is better than zero, which the server would refuse: our own timer decides.
            head.deadlineMilliseconds = Int(max(1, left.nanoseconds / 1_000_000))
        }
        guard self.link?.send(.call(head), body: body) == true else {
            self.machine?.withdraw(id)
            return self.fail(call, .violation("the request is larger than a frame may be"))
        }
        if let deadline = call.deadline {
            self.deadlineByID[id] = deadline
            self.arm(deadline)
        }
        if case .stream(let inbox) = call.waiter {
            let connection = NIOLoopBound(self, eventLoop: self.eventLoop)
            let loop = self.eventLoop
            inbox.started { count in
                loop.execute { connection.value.grant(id, count) }
            }
        }
        call.cancellation?.sent(id, NIOLoopBound(self, eventLoop: self.eventLoop), self.eventLoop)
    }

    private func grant(_ id: UInt32, _ count: UInt32) {
        self.link?.send(.credit(id: id, count: count))
    }

    private func replied(_ call: PendingCall, _ reply: WireReply, _ id: UInt32) {
        self.deadlineByID[id] = nil
        self.inFlight.remove()
        switch call.waiter {
        case .unary(let answer): answer(.success(reply))
        case .stream(let inbox): inbox.finish(.refused(StreamEnd(status: reply.status, body: reply.body)))
        }
    }

    private func item(_ call: PendingCall, _ frame: Frame) {
        guard case .stream(let inbox) = call.waiter, inbox.receive(frame.body) else {
            self.link?.close(CloseHead(.credit, "an item without credit"))
            return
        }
    }

    private func ended(_ call: PendingCall, _ end: EndHead, _ body: [UInt8]) {
        self.deadlineByID[end.id] = nil
        self.inFlight.remove()
        switch call.waiter {
        case .unary(let answer): answer(.failure(.violation("a stream answered a call")))
        case .stream(let inbox):
            inbox.finish(end.status == WireStatus.ok ? nil : .refused(StreamEnd(status: end.status, body: body)))
        }
    }

    private func fail(_ call: PendingCall, _ failure: CallFailure) {
        self.inFlight.remove()
        switch call.waiter {
        case .unary(let answer): answer(.failure(failure))
        case .stream(let inbox): inbox.finish(WireFailure(failure))
        }
    }

    /// The caller no longer waits.
    func cancel(_ id: UInt32) {
        self.abandon(id, .cancelled)
    }

    private func abandon(_ id: UInt32, _ failure: CallFailure) {
        self.deadlineByID[id] = nil
        guard let call = self.machine?.abandon(id) else { return }
        self.link?.send(.cancel(id: id))
        self.fail(call, failure)
    }

    private func arm(_ deadline: NIODeadline) {
        let connection = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.deadlines.arm(for: deadline, on: self.eventLoop) { connection.value.deadlinePassed() }
    }

    private func deadlinePassed() {
        self.deadlines.fired()
        let now = NIODeadline.now()
        for (id, deadline) in self.deadlineByID where deadline <= now { self.abandon(id, .deadlineExceeded) }
        if let earliest = self.deadlineByID.values.min() { self.arm(earliest) }
    }

    /// Makes no more calls and closes when those made are answered.
    func drain() {
        switch self.machine?.drain() ?? .close {
        case .ignore: break
        case .send(let head): self.link?.send(head)
        case .close: self.link?.close(nil)
        }
    }
}

/// How many calls a connection has, for choosing the less loaded; read from any thread.
final class InFlight: Sendable {
    private let value = Atomic<Int>(0)

    var count: Int { self.value.load(ordering: .relaxed) }

    func add() {
        self.value.add(1, ordering: .relaxed)
    }

    func remove() {
        self.value.subtract(1, ordering: .relaxed)
    }
}

/// Lets a caller cancel its call, whether it is sent yet or not.
///
/// The server is told and cancels the handler's task: what it has queued is dropped, what it is committing is committed.
public final class CallCancellation: Sendable {
    private struct State {
        var isCancelled = false
        var cancel: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    public init() {}

    var isCancelled: Bool { self.state.withLock { $0.isCancelled } }

    func sent(_ id: UInt32, _ connection: NIOLoopBound<ClientConnection>, _ eventLoop: any EventLoop) {
        let cancel: @Sendable () -> Void = { eventLoop.execute { connection.value.cancel(id) } }
        let isCancelled = self.state.withLock { state in
            state.cancel = cancel
            return state.isCancelled
        }
        if isCancelled { cancel() }
    }

    /// The call has ended: there is nothing left to cancel.
    func settled() {
        self.state.withLock { $0.cancel = nil }
    }

    public func cancel() {
        let cancel = self.state.withLock { state in
            state.isCancelled = true
            return state.cancel
        }
        cancel?()
    }
}

extension WireFailure {
    init(_ failure: CallFailure) {
        switch failure {
        case .notSent, .lost: self = .unavailable
        case .deadlineExceeded: self = .deadlineExceeded
        case .cancelled: self = .cancelled
        case .violation(let detail): self = .protocolViolation(detail)
        }
    }
}
