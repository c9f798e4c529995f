internal import DequeModule
internal import Dispatch
internal import Synchronization

/// Threads that each own a connection, and the transactions that wait for one, first come first served.
final class TransactionPool: Sendable {
    private struct State {
        var waiting: Deque<TransactionJob> = []
        var isStarted = false
        var isStopping = false
        var threads = 0
        var enders: [CheckedContinuation<Void, Never>] = []
        var waker: Waker?
        var figures = DatabaseState.Pool()
    }

    let configuration: DatabaseConfiguration
    let health: Health
    private let state = Mutex(State())
    /// Counts the jobs that wait, and is signalled once a thread to stop them.
    private let available = DispatchSemaphore(value: 0)
    /// Ends the pauses between attempts to connect.
    private let stopping = DispatchSemaphore(value: 0)

    init(_ configuration: DatabaseConfiguration, _ health: Health) {
        precondition(configuration.transactionConnections > 0, "a database needs a transaction connection")
        self.configuration = configuration
        self.health = health
        self.state.withLock { $0.figures.size = configuration.transactionConnections }
    }

    var figures: DatabaseState.Pool {
        self.state.withLock { state in
            state.figures.waiting = state.waiting.count
            return state.figures
        }
    }

    var hasWaiters: Bool { self.state.withLock { !$0.waiting.isEmpty } }

    func start(waking waker: Waker) {
        self.state.withLock { state in
            state.isStarted = true
            state.waker = waker
            state.threads = self.configuration.transactionConnections
        }
        for number in 1...self.configuration.transactionConnections {
            OwnThread.start("pg-tx-\(number)") { self.work() }
        }
    }

    func shutdown() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let (jobs, threads) = self.state.withLock { state in
                defer { state.waiting.removeAll() }
                state.isStopping = true
                if state.threads > 0 { state.enders.append(continuation) }
                return (state.waiting, state.threads)
            }
            for job in jobs { job.refuse(SQLFault(.connection, "the database is being shut down")) }
            for _ in 0..<threads {
                self.available.signal()
                self.stopping.signal()
            }
            if threads == 0 { continuation.resume() }
        }
    }

    func perform<Output: Sendable>(
        _ scope: TenantScope,
        _ expiry: Expiry,
        trace: String?,
        _ body: @escaping @Sendable (TransactionContext) throws -> Output
    ) async -> Result<Output, any Error> {
        let job = TransactionJob(expiry: expiry)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                job.prepare(
                    run: { session in
                        let context = TransactionContext(session, scope, expiry, trace: trace)
                        let outcome = context.run(body)
                        return (!context.hasFailed, { continuation.resume(returning: outcome) })
                    },
                    refuse: { continuation.resume(returning: .failure($0)) }
                )
                self.enqueue(job)
            }
        } onCancel: {
            job.refuse(SQLFault(.cancelled, "the task was cancelled while it waited for a connection"))
        }
    }

    /// Fails the transactions that have waited too long. The reactor calls it, since it looks at the time anyway.
    func expire(at now: Int64) {
        let (expired, fault): ([TransactionJob], SQLFault?) = self.state.withLock { state in
            guard !state.waiting.isEmpty else { return ([], nil) }
            let (lastFault, connected) = (self.health.lastFault, state.figures.connected)
            var fault: SQLFault?
            var expired: [TransactionJob] = []
            state.waiting.removeAll { job in
                guard let reason = job.expiry.waitingFault(at: now, lastFault: lastFault, connected: connected) else {
                    return job.isSettled
                }
                fault = reason
                expired.append(job)
                return true
            }
            state.figures.failedTotal += expired.count
            return (expired, fault)
        }
        if let fault {
            for job in expired { job.refuse(fault) }
        }
    }

    private func enqueue(_ job: TransactionJob) {
        let (refusal, waker): (SQLFault?, Waker?) = self.state.withLock { state in
            guard state.isStarted, !state.isStopping else {
                return (SQLFault(.connection, "the database is not started or has been shut down"), nil)
            }
            guard state.waiting.count < self.configuration.transactionsWaitingMax else {
                return (SQLFault(.poolExhausted, "too many transactions are waiting"), nil)
            }
            state.waiting.append(job)
            let idle = state.figures.connected - state.figures.busy
            return (nil, state.waiting.count > idle ? state.waker : nil)
        }
        if let refusal { return job.refuse(refusal) }
        self.available.signal()
        waker?.ring()
    }

    // MARK: On the threads

    private func work() {
        var backoff = Backoff()
        while !self.state.withLock({ $0.isStopping }) {
            do throws(SQLFault) {
                let session = try TransactionSession(self.configuration, self.health)
                backoff.reset()
                self.serve(session)
            } catch {
                self.health.note(error)
                _ = self.stopping.wait(timeout: .now() + .milliseconds(backoff.next()))
            }
        }
        let enders = self.state.withLock { state in
            state.threads -= 1
            defer { if state.threads == 0 { state.enders.removeAll() } }
            return state.threads == 0 ? state.enders : []
        }
        for ender in enders { ender.resume() }
    }

    /// Runs transactions on a session for as long as it is good.
    private func serve(_ session: TransactionSession) {
        let waker = self.state.withLock { state in
            state.figures.connected += 1
            state.figures.connectsTotal += 1
            return state.waker
        }
        waker?.ring()
        defer { self.state.withLock { $0.figures.connected -= 1 } }
        while true {
            self.available.wait()
            guard let job = self.take(for: session) else {
                if session.isUsable, !self.state.withLock({ $0.isStopping }) { continue }
                return
            }
            let (succeeded, answer) = job.run(session)
            let elapsed = Int(Monotonic.now() - job.expiry.startedAt)
            self.state.withLock { state in
                state.figures.busy -= 1
                state.figures.microsecondsTotal += elapsed
                if succeeded { state.figures.completedTotal += 1 } else { state.figures.failedTotal += 1 }
            }
            answer()
            guard session.isUsable else { return }
        }
    }

    /// The next job, unless the session died while it was idle: then the job stays, for this thread's next session
    /// or another thread.
    private func take(for session: TransactionSession) -> TransactionJob? {
        let isUsable = session.isUsable && session.isQuiet
        let job: TransactionJob? = self.state.withLock { state in
            while isUsable, let job = state.waiting.popFirst() {
                guard job.claim() else { continue }
                state.figures.busy += 1
                return job
            }
            return nil
        }
        if !isUsable {
            session.giveUp()
            self.available.signal()
        }
        return job
    }
}
