internal import Contracts
internal import Dispatch
internal import Synchronization

/// Runs what keeps a processor busy for tens of milliseconds, away from the event loops: so many at a time, so many waiting, and
/// no more. A flood of sign-ins costs its senders a 503 and nobody else anything.
final class HashingThreads: Sendable {
    /// At two at a time, 32 MiB each, hashing takes a known part of the machine.
    static let threadsDefault = 2
    static let waitingMax = 32
    static let retryAfterSeconds = 1

    private struct State {
        var running = 0
        var waiting: [@Sendable () -> Void] = []
    }

    private let threads: Int
    private let queue = DispatchQueue(label: "password-hashing", attributes: .concurrent)
    private let state = Mutex(State())

    init(threads: Int = HashingThreads.threadsDefault) { self.threads = threads }

    /// Throws `unavailable` at once where too many wait already.
    func run<Output: Sendable>(_ work: @escaping @Sendable () -> Output) async throws(Fault) -> Output {
        let output: Output? = await withCheckedContinuation { continuation in
            let isTaken = self.submit { continuation.resume(returning: work()) }
            if !isTaken { continuation.resume(returning: nil) }
        }
        guard let output else {
            throw Fault(
                .unavailable,
                "Too many people are signing in at this moment. Try again.",
                retryAfter: Self.retryAfterSeconds
            )
        }
        return output
    }

    private func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        enum Place { case thread, line, none }
        let place = self.state.withLock { state in
            if state.running < self.threads {
                state.running += 1
                return Place.thread
            }
            guard state.waiting.count < Self.waitingMax else { return Place.none }
            state.waiting.append(job)
            return Place.line
        }
        switch place {
        case .thread: self.queue.async { self.work(job) }
        case .line: break
        case .none: return false
        }
        return true
    }

    /// One thread's turn: its job, and then whatever waits.
    private func work(_ first: @Sendable () -> Void) {
        first()
        while let next = self.next() { next() }
    }

    private func next() -> (@Sendable () -> Void)? {
        self.state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.running -= 1
            return nil
        }
    }
}
