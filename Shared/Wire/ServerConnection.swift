internal import Contracts
internal import NIOCore

/// A server's side of one connection: carries out what its state machine decides, on its event loop.
final class ServerConnection: FrameLinkDelegate {
    private struct Running {
        let task: Task<Void, Never>
        let writer: StreamWriter?
        let deadline: NIODeadline?
    }

    private let eventLoop: any EventLoop
    private let executor: EventLoopTaskExecutor
    private let handler: any CallHandler
    private let limits: WireLimits
    private let handshake: ([String]?) -> Handshake
    /// Nil once it is closed: a handler's task may outlive it.
    private var link: FrameLink<ServerConnection>?
    private var machine: ServerConnectionStateMachine?
    private var running: [UInt32: Running] = [:]
    private var deadlines = DeadlineTimer()
    private var peer = Peer(service: "", instance: "")

    /// - Parameter handshake: makes this connection's handshake, from the names of the peer's certificate under TLS.
    init(
        link: FrameLink<ServerConnection>,
        executor: EventLoopTaskExecutor,
        handler: any CallHandler,
        limits: WireLimits,
        handshake: @escaping ([String]?) -> Handshake
    ) {
        self.link = link
        self.eventLoop = executor.eventLoop
        self.executor = executor
        self.handler = handler
        self.limits = limits
        self.handshake = handshake
    }

    var linkIsOpen: Bool { self.machine?.isOpen ?? false }

    func linkConnected(certificateNames: [String]?) {
        var machine = ServerConnectionStateMachine(
            self.handshake(certificateNames),
            callsMax: self.limits.callsPerConnectionMax
        )
        let hello = machine.connected()
        self.machine = consume machine
        if let hello { self.link?.send(hello) }
    }

    func linkReceived(_ frame: Frame) {
        switch self.machine?.received(frame.head) ?? .ignore {
        case .ignore: break
        case .send(let head): self.link?.send(head)
        case .open(let proof, let peer):
            self.peer = peer
            self.link?.peerIsKnown()
            if let proof { self.link?.send(.proof(proof)) }
        case .start(let call): self.start(call, body: frame.body)
        case .refuse(let id, let refusal): self.answer(id, refusal)
        case .cancel(let id): self.stop(id, .cancelled)
        case .credit(let id, let count):
            if let writer = self.running[id]?.writer, !writer.grant(count) {
                self.link?.close(CloseHead(.credit, "stream \(id) may not have \(count) more"))
            }
        case .close(let reason): self.link?.close(reason)
        }
    }

    func linkClosed() {
        self.machine?.closed()
        self.link = nil
        self.deadlines.cancel()
        let running = self.running
        self.running = [:]
        for call in running.values {
            call.task.cancel()
            call.writer?.end()
        }
    }

    // MARK: - Calls

    private func start(_ call: CallHead, body: [UInt8]) {
        let connection = NIOLoopBound(self, eventLoop: self.eventLoop)
        let writer =
            self.handler.isStream(call.operation)
            ? StreamWriter(
                id: call.id,
                creditMax: self.limits.streamCreditMax,
                connection: connection,
                eventLoop: self.eventLoop
            ) : nil
        let work = Work(handler: self.handler, call: call, body: body, peer: self.peer, connection: connection)
        let task = work.start(on: self.executor, writer: writer)
        let deadline = call.deadlineMilliseconds.map { NIODeadline.now() + .milliseconds(Int64($0)) }
        self.running[call.id] = Running(task: task, writer: writer, deadline: deadline)
        if let deadline { self.arm(deadline) }
    }

    /// What the task of one call needs.
    private struct Work: Sendable {
        let handler: any CallHandler
        let call: CallHead
        let body: [UInt8]
        let peer: Peer
        let connection: NIOLoopBound<ServerConnection>

        /// The task is kept in `running` until its handler ends.
        func start(on executor: EventLoopTaskExecutor, writer: StreamWriter?) -> Task<Void, Never> {
            guard let writer else {
                return Task(executorPreference: executor) { await self.call(on: executor.eventLoop) }
            }
            return Task(executorPreference: executor) { await self.stream(writer, on: executor.eventLoop) }
        }

        private func call(on loop: any EventLoop) async {
            let reply = await self.handler.handle(self.call, body: self.body, peer: self.peer)
            self.run(on: loop) { $0.finished(self.call.id, reply) }
        }

        private func stream(_ writer: StreamWriter, on loop: any EventLoop) async {
            let end = await self.handler.stream(self.call, body: self.body, peer: self.peer, writer: writer)
            writer.end()
            self.run(on: loop) { $0.finished(self.call.id, end) }
        }

        /// A handler's task ends on its connection's loop, unless it was on an actor of its own last.
        private func run(on loop: any EventLoop, _ body: @escaping @Sendable (ServerConnection) -> Void) {
            if loop.inEventLoop {
                body(self.connection.value)
            } else {
                loop.execute { [connection] in body(connection.value) }
            }
        }
    }

    private func finished(_ id: UInt32, _ reply: WireReply) {
        self.running[id] = nil
        let action = self.machine?.finished(id)
        if action?.answer == true, self.link?.send(.reply(reply.head(id: id)), body: reply.body) == false {
            self.answer(id, .replyTooLarge)
        }
        if action?.close == true { self.link?.close(nil) }
    }

    private func finished(_ id: UInt32, _ end: StreamEnd) {
        self.running[id] = nil
        let action = self.machine?.finished(id)
        if action?.answer == true { self.link?.send(.end(EndHead(id: id, status: end.status)), body: end.body) }
        if action?.close == true { self.link?.close(nil) }
    }

    /// Sends one item of a stream that is still wanted.
    func item(_ id: UInt32, _ body: [UInt8]) {
        guard self.running[id] != nil else { return }
        if self.link?.send(.item(id: id), body: body) == false, self.machine?.answeredEarly(id) == true {
            self.stop(id, .replyTooLarge)
        }
    }

    /// Ends a call in its handler's place, which is cancelled and will find nobody listening.
    private func stop(_ id: UInt32, _ refusal: WireReply.Refusal) {
        guard let call = self.running[id] else { return }
        call.task.cancel()
        if let writer = call.writer {
            writer.end()
            let reply = refusal.reply
            self.link?.send(.end(EndHead(id: id, status: reply.status)), body: reply.body)
        } else {
            self.answer(id, refusal)
        }
    }

    private func answer(_ id: UInt32, _ refusal: WireReply.Refusal) {
        let reply = refusal.reply
        self.link?.send(.reply(reply.head(id: id)), body: reply.body)
    }

    // MARK: - Deadlines

    private func arm(_ deadline: NIODeadline) {
        let connection = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.deadlines.arm(for: deadline, on: self.eventLoop) { connection.value.deadlinePassed() }
    }

    private func deadlinePassed() {
        self.deadlines.fired()
        let now = NIODeadline.now()
        var earliest: NIODeadline?
        for (id, call) in self.running {
            guard let deadline = call.deadline else { continue }
            if deadline <= now {
                if self.machine?.answeredEarly(id) == true { self.stop(id, .deadlineExceeded) }
            } else {
                earliest = min(earliest ?? deadline, deadline)
            }
        }
        if let earliest { self.arm(earliest) }
    }

    // MARK: - Shutdown

    /// Says drain and ends streams; the client closes when its calls are answered.
    func drain() {
        switch self.machine?.drain() ?? .close {
        case .ignore: break
        case .close: self.link?.close(nil)
        case .send(let head):
            self.link?.send(head)
            for (id, call) in self.running where call.writer != nil {
                if self.machine?.answeredEarly(id) == true { self.stop(id, .retryElsewhere) }
            }
        }
    }
}
