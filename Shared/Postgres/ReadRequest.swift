internal import Synchronization

/// One read on its way to the reactor and back. Whoever takes the continuation first, answers.
final class ReadRequest: Sendable {
    typealias Outcome = Result<Rows, SQLFault>

    private enum State {
        case idle
        case waiting(CheckedContinuation<Outcome, Never>)
        case settled(Outcome?)
    }

    let scope: TenantScope
    let sql: SQL
    let parameters: EncodedParameters
    let expiry: Expiry
    private let state = Mutex(State.idle)

    init(scope: TenantScope, sql: SQL, parameters: EncodedParameters, expiry: Expiry) {
        self.scope = scope
        self.sql = sql
        self.parameters = parameters
        self.expiry = expiry
    }

    var isSettled: Bool {
        self.state.withLock {
            if case .settled = $0 { true } else { false }
        }
    }

    /// Waits for the outcome. Where it is there already, as after an early cancellation, it is taken at once.
    func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
        let outcome: Outcome? = self.state.withLock { state in
            if case .settled(let outcome) = state {
                state = .settled(nil)
                return outcome
            }
            state = .waiting(continuation)
            return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
    }

    /// Answers the request, and returns whether it had not been answered before.
    @discardableResult
    func settle(_ outcome: Outcome) -> Bool {
        let (isFirst, continuation): (Bool, CheckedContinuation<Outcome, Never>?) = self.state.withLock { state in
            switch state {
            case .idle:
                state = .settled(outcome)
                return (true, nil)
            case .waiting(let continuation):
                state = .settled(nil)
                return (true, continuation)
            case .settled: return (false, nil)
            }
        }
        continuation?.resume(returning: outcome)
        return isFirst
    }
}
