internal import Synchronization
internal import Vocabulary

/// Between the task that receives a producer's events and the one that applies them: while a transaction runs, the next events
/// arrive and are read. It lives as long as one subscription.
final class EventQueue: Sendable {
    private struct State {
        var backlog: EventBacklog
        var epoch: Identifier?
    }

    private let state: Mutex<State>
    private let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private let (departures, departed) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))

    init(for handlers: EventHandlers) { self.state = Mutex(State(backlog: EventBacklog(for: handlers))) }

    /// The history to which the places of all that waits belong.
    var epoch: Identifier? { self.state.withLock { $0.epoch } }

    /// Takes a batch in; waits while too much waits already.
    func append(_ batch: EventBatch) async throws {
        while self.state.withLock({ $0.backlog.isFull }) {
            for await _ in self.departures { break }
            try Task.checkCancellation()
        }
        try self.state.withLock { state in
            guard state.epoch == nil || state.epoch == batch.epoch else {
                throw CursorReset(description: "another epoch began in the midst of a stream")
            }
            state.epoch = batch.epoch
            state.backlog.append(batch.events, of: batch.partition)
        }
        self.arrived.yield()
    }

    /// What is to be done next. Waits until there is something: `nil` once the task is cancelled.
    func next() async -> EventBacklog.Step? {
        while !Task.isCancelled {
            if let step = self.state.withLock({ $0.backlog.next() }) { return step }
            for await _ in self.arrivals { break }
        }
        return nil
    }

    /// When the event occurred that is applied now or next.
    var waitingSince: Instant? { self.state.withLock { $0.backlog.waitingSince } }

    func applied(_ count: Int, of partition: Int) {
        self.state.withLock { $0.backlog.applied(count, of: partition) }
        self.departed.yield()
    }

    func postponed(_ step: EventBacklog.Step) {
        self.state.withLock { $0.backlog.postponed(step) }
    }

    /// Answers how often the first event of the portion has failed by itself.
    func failed(_ portion: EventBacklog.Portion, together: Bool) -> Int {
        self.state.withLock { $0.backlog.failed(portion, together: together) }
    }
}
