internal import Contracts
internal import HTTP2
internal import NIOCore
internal import Synchronization
internal import Wire

/// One stream: items from a service on one side, server-sent events to a client on the other. Items are taken no faster
/// than the client reads, which by Wire's credit slows the service.
final class EventStream: Sendable {
    /// Silence after which a comment is sent.
    static let heartbeatInterval = TimeAmount.seconds(15)
    /// How long a quiet stream waits for a refusal before it says that it is open.
    static let openingDelay = TimeAmount.milliseconds(100)

    private let exchange: Exchange
    private let head: CallHead
    private let client: WireClient
    private let response: NIOLoopBound<EventStreamResponse>
    private let ending: AsyncStream<Void>
    private let endings: AsyncStream<Void>.Continuation
    private let drained: AsyncStream<Void>
    private let drains: AsyncStream<Void>.Continuation

    /// To be called on the exchange's event loop.
    init(_ exchange: Exchange, _ head: CallHead, _ client: WireClient) {
        self.exchange = exchange
        self.head = head
        self.client = client
        self.response = NIOLoopBound(EventStreamResponse(exchange), eventLoop: exchange.responder.eventLoop)
        (self.ending, self.endings) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (self.drained, self.drains) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        exchange.responder.onClose { [endings] in endings.finish() }
        exchange.responder.onDrain { [drains] in drains.yield() }
        self.response.value.schedule()
    }

    /// Ends the stream from our side.
    func end() { self.endings.finish() }

    /// Carries items until either side ends.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.carry() }
            group.addTask { for await _ in self.ending {} }
            await group.next()
            group.cancelAll()
        }
        await self.onLoop { $0.finish() }
    }

    private func carry() async {
        do throws(WireFailure) {
            for try await item in self.client.stream(self.head, body: self.exchange.request.body) {
                let event = ServerSentEvents.event(item)
                let isWritable = await self.onLoop { $0.write(event) }
                if !isWritable { await self.untilDrained() }
                if Task.isCancelled { return }
            }
        } catch {
            guard !Task.isCancelled else { return }
            let service = self.exchange.operation?.service ?? ""
            let failure = error
            await self.onLoop { $0.fail(failure, service) }
        }
    }

    private func untilDrained() async {
        for await _ in self.drained { return }
    }

    @discardableResult
    private func onLoop<Result: Sendable>(_ action: @escaping @Sendable (EventStreamResponse) -> Result) async -> Result
    {
        await withCheckedContinuation { continuation in
            self.exchange.responder.eventLoop.execute { [response] in
                continuation.resume(returning: action(response.value))
            }
        }
    }
}

/// The client's side of a stream; lives on the connection's event loop.
///
/// The head is sent with the first item, or after a moment without a refusal: a stream that the service refuses at once
/// is answered with the problem and its status.
private final class EventStreamResponse {
    private enum State {
        case opening, open, ended
    }

    private let exchange: Exchange
    private var state = State.opening
    private var opening: Scheduled<Void>?
    private var heartbeat: RepeatedTask?
    private var isQuiet = true
    private var bytes = 0

    init(_ exchange: Exchange) { self.exchange = exchange }

    func schedule() {
        let loop = self.exchange.responder.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        self.opening = loop.scheduleTask(in: EventStream.openingDelay) { bound.value.begin() }
        self.heartbeat = loop.scheduleRepeatedTask(
            initialDelay: EventStream.heartbeatInterval,
            delay: EventStream.heartbeatInterval
        ) { _ in bound.value.beat() }
    }

    /// - Returns: whether the client keeps up.
    func write(_ event: [UInt8]) -> Bool {
        self.begin()
        guard self.state == .open else { return true }
        self.isQuiet = false
        self.bytes += event.count
        return self.exchange.responder.write(event)
    }

    func fail(_ failure: WireFailure, _ service: String) {
        switch self.state {
        case .opening:
            self.end()
            if case .refused(let end) = failure, !end.body.isEmpty {
                let code = Fault.Code(rawValue: end.status)
                self.exchange.edge.metrics.refused(code)
                self.exchange.answer(code.httpStatus, contentType: MediaType.problem, body: end.body)
            } else {
                self.exchange.refuse(CallFaults.fault(of: failure, asking: service))
            }
        case .open:
            let fault = CallFaults.fault(of: failure, asking: service)
            _ = self.write(ServerSentEvents.failure(fault.problemDetails(requestID: self.exchange.requestID)))
            self.finish()
        case .ended: break
        }
    }

    func finish() {
        if self.state == .ended { return }
        self.begin()
        self.end()
        self.exchange.responder.finish()
        self.exchange.finished(status: 200, bytes: self.bytes)
    }

    private func begin() {
        guard self.state == .opening else { return }
        self.state = .open
        self.opening?.cancel()
        var fields = self.exchange.commonFields()
        fields.append(HTTPField("content-type", MediaType.eventStream))
        // Proxies that collect answers would hold the events back.
        fields.append(HTTPField("x-accel-buffering", "no"))
        self.exchange.responder.start(status: 200, fields: fields)
    }

    private func beat() {
        if self.isQuiet, self.state == .open { self.exchange.responder.write(ServerSentEvents.heartbeat) }
        self.isQuiet = true
    }

    private func end() {
        self.state = .ended
        self.opening?.cancel()
        self.heartbeat?.cancel()
    }
}
