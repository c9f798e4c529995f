internal import NIOCore

/// Keeps calls away from an instance that fails, and lets one try it again after a while. The time is an argument.
struct Breaker: Hashable {
    enum State: Hashable {
        /// Calls pass; so many failed in a row.
        case closed(failures: Int)
        /// No call passes until then.
        case open(until: NIODeadline)
        /// One call passes, to see.
        case halfOpen
    }

    /// Failures in a row that open it.
    static let failuresMax = 5
    static let openFor = TimeAmount.seconds(1)

    private(set) var state = State.closed(failures: 0)

    /// Whether a call may pass now. When it is the trial of a half-open breaker, its outcome must be reported.
    mutating func admits(at now: NIODeadline) -> Bool {
        switch self.state {
        case .closed:
            return true
        case .open(let until):
            guard now >= until else { return false }
            self.state = .halfOpen
            return true
        case .halfOpen:
            return false
        }
    }

    mutating func succeeded() {
        self.state = .closed(failures: 0)
    }

    mutating func failed(at now: NIODeadline) {
        switch self.state {
        case .closed(let failures):
            let failures = failures + 1
            self.state = failures < Self.failuresMax ? .closed(failures: failures) : .open(until: now + Self.openFor)
        case .open:
            break
        case .halfOpen:
            self.state = .open(until: now + Self.openFor)
        }
    }

    /// The trial had no outcome: the caller went away.
    mutating func abandoned(at now: NIODeadline) {
        if case .halfOpen = self.state { self.state = .open(until: now) }
    }
}
