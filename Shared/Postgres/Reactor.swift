internal import Synchronization

/// The reads' entrance: hands requests to the thread that drives all read connections.
final class Reactor: Sendable {
    /// What other threads leave for the reactor's thread.
    struct Inbox {
        var requests: [ReadRequest] = []
        var isStopping = false
        /// Requests that have arrived and are not answered yet.
        var open = 0
        var isEnded = false
        var enders: [CheckedContinuation<Void, Never>] = []
        var starters: [CheckedContinuation<Result<Void, SQLFault>, Never>] = []
        var figures = DatabaseState.Pool()
        var isStarted = false
    }

    let configuration: DatabaseConfiguration
    let health: Health
    let transactions: TransactionPool
    let waker = Waker()
    let inbox = Mutex(Inbox())

    init(_ configuration: DatabaseConfiguration, _ health: Health, _ transactions: TransactionPool) {
        precondition(configuration.readConnections > 0, "a database needs a read connection")
        self.configuration = configuration
        self.health = health
        self.transactions = transactions
        self.inbox.withLock { $0.figures.size = configuration.readConnections }
    }

    func start() {
        self.inbox.withLock { $0.isStarted = true }
        OwnThread.start("pg-reads") { ReadLoop(self).run() }
    }

    /// Returns when a read and a transaction can be answered, or throws why not within the start timeout.
    func whenReady() async throws(SQLFault) {
        let outcome = await withCheckedContinuation { continuation in
            self.inbox.withLock { $0.starters.append(continuation) }
            self.waker.ring()
        }
        try outcome.get()
    }

    func shutdown() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isEnded = self.inbox.withLock { inbox in
                inbox.isStopping = true
                if !inbox.isStarted { inbox.isEnded = true }
                if !inbox.isEnded { inbox.enders.append(continuation) }
                return inbox.isEnded
            }
            if isEnded { continuation.resume() } else { self.waker.ring() }
        }
    }

    func perform(_ request: ReadRequest) async -> ReadRequest.Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                request.wait(continuation)
                self.enqueue(request)
            }
        } onCancel: {
            request.settle(.failure(SQLFault(.cancelled, "the task was cancelled")))
        }
    }

    private func enqueue(_ request: ReadRequest) {
        enum Answer {
            case taken(wakes: Bool)
            case stopped, full
        }
        let answer: Answer = self.inbox.withLock { inbox in
            guard !inbox.isStopping, inbox.isStarted else { return .stopped }
            let limit =
                self.configuration.readsWaitingMax
                + self.configuration.readConnections * self.configuration.pipelineDepthMax
            guard inbox.open < limit else { return .full }
            inbox.open += 1
            inbox.requests.append(request)
            return .taken(wakes: inbox.requests.count == 1)
        }
        switch answer {
        case .taken(let wakes):
            if wakes { self.waker.ring() }
        case .stopped:
            request.settle(.failure(SQLFault(.connection, "the database is not started or has been shut down")))
        case .full:
            request.settle(.failure(SQLFault(.poolExhausted, "too many reads are waiting")))
        }
    }

    var figures: DatabaseState.Pool { self.inbox.withLock { $0.figures } }
}
