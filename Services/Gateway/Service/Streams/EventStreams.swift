internal import Contracts
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization
internal import Telemetry
internal import Vocabulary
internal import Wire

/// All open event streams. Each is one child task of `run`, so none can outlive the process's drain.
final class EventStreams: Service {
    /// Streams at a time; one more is answered 503.
    static let streamsMax = 4_096

    private struct Open {
        let stream: EventStream
        let owner: (hash: TokenHash, caller: Caller)?
    }

    private struct State {
        var open: [ObjectIdentifier: Open] = [:]
        var isClosed = false
    }

    private let state = Mutex(State())
    private let pending: AsyncStream<EventStream>
    private let submit: AsyncStream<EventStream>.Continuation
    private let metrics: EdgeMetrics

    init(metrics: EdgeMetrics) {
        self.metrics = metrics
        (self.pending, self.submit) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.streamsMax))
    }

    var openCount: Int { self.state.withLock { $0.open.count } }

    /// Carries the streams until `close`, and waits to be told to end: the server closes the streams while it drains,
    /// and a part of a process that ends before its turn counts as failed.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await stream in self.pending {
                group.addTask {
                    await stream.run()
                    self.ended(stream)
                }
            }
        }
        try? await gracefulShutdown()
    }

    func open(_ exchange: Exchange, _ head: CallHead, by client: WireClient, owner: (TokenHash, Caller)?) {
        let stream = EventStream(exchange, head, client)
        let isAdmitted = self.state.withLock { state in
            guard !state.isClosed, state.open.count < Self.streamsMax else { return false }
            state.open[ObjectIdentifier(stream)] = Open(stream: stream, owner: owner.map { (hash: $0.0, caller: $0.1) })
            return true
        }
        guard isAdmitted else {
            return exchange.refuse(Fault(.unavailable, "Too many streams are open.", retryAfter: 1))
        }
        self.metrics.activeStreams.add(1)
        self.submit.yield(stream)
    }

    /// Ends the streams of credentials that hold no longer; all of them where it is not said which.
    func revoke(_ revocation: Revocation?) {
        let open = self.state.withLock { Array($0.open.values) }
        for entry in open {
            guard let owner = entry.owner else { continue }
            if revocation?.covers(owner.hash, owner.caller) != false { entry.stream.end() }
        }
    }

    /// Ends every stream and takes no more: clients come back to another instance, with their last event's id.
    func close() {
        let open = self.state.withLock { state in
            state.isClosed = true
            return Array(state.open.values)
        }
        for entry in open { entry.stream.end() }
        self.submit.finish()
    }

    private func ended(_ stream: EventStream) {
        self.state.withLock { $0.open[ObjectIdentifier(stream)] = nil }
        self.metrics.activeStreams.add(-1)
    }
}
