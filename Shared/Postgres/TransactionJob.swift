internal import Synchronization

/// A transaction that waits for its thread. It is either claimed by a thread or refused, never both.
final class TransactionJob: Sendable {
    /// Runs the transaction. Returns whether it succeeded, and what answers the caller.
    typealias Run = @Sendable (TransactionSession) -> (succeeded: Bool, answer: @Sendable () -> Void)

    private enum State {
        case new
        case waiting(run: Run, refuse: @Sendable (SQLFault) -> Void)
        case claimed(Run)
        /// Refused before it had a continuation, as by an early cancellation.
        case refusedEarly(SQLFault)
        case settled
    }

    let expiry: Expiry
    private let state = Mutex(State.new)

    init(expiry: Expiry) {
        self.expiry = expiry
    }

    var isSettled: Bool {
        self.state.withLock {
            if case .settled = $0 { true } else { false }
        }
    }

    func prepare(run: @escaping Run, refuse: @escaping @Sendable (SQLFault) -> Void) {
        let early: SQLFault? = self.state.withLock { state in
            if case .refusedEarly(let fault) = state {
                state = .settled
                return fault
            }
            state = .waiting(run: run, refuse: refuse)
            return nil
        }
        if let early { refuse(early) }
    }

    /// Takes the job for a thread, which then must run it.
    func claim() -> Bool {
        self.state.withLock { state in
            guard case .waiting(let run, _) = state else { return false }
            state = .claimed(run)
            return true
        }
    }

    func run(_ session: TransactionSession) -> (succeeded: Bool, answer: @Sendable () -> Void) {
        let run: Run? = self.state.withLock { state in
            guard case .claimed(let run) = state else { return nil }
            state = .settled
            return run
        }
        guard let run else { preconditionFailure("a transaction runs once, after it was claimed") }
        return run(session)
    }

    /// Ends the wait. A transaction that runs already is not disturbed.
    func refuse(_ fault: SQLFault) {
        let refuse: (@Sendable (SQLFault) -> Void)? = self.state.withLock { state in
            switch state {
            case .new:
                state = .refusedEarly(fault)
                return nil
            case .waiting(_, let refuse):
                state = .settled
                return refuse
            case .claimed, .refusedEarly, .settled: return nil
            }
        }
        refuse?(fault)
    }
}
