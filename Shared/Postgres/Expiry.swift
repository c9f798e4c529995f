internal import Glibc
internal import Vocabulary

/// Time that only moves forward, in microseconds, for waits: setting the system's clock does not end them.
enum Monotonic {
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}

/// Until when a request may wait for a connection, and until when for its answer, in ``Monotonic`` time.
struct Expiry: Sendable {
    let startedAt: Int64
    let acquireBy: Int64
    let answerBy: Int64

    /// What is left for the server's own statement timeout to end a statement before the client gives up on it.
    private static let graceMicroseconds: Int64 = 1_000_000

    init(_ deadline: Instant?, in configuration: DatabaseConfiguration) {
        let now = Monotonic.now()
        let acquire = Int64(configuration.acquireTimeoutMilliseconds) * 1_000
        let statement = Int64(configuration.statementTimeoutMilliseconds) * 1_000
        let limit = now + acquire + statement + Self.graceMicroseconds
        let wanted = deadline.map { now + Instant.system().microseconds(until: $0) } ?? limit
        self.startedAt = now
        self.answerBy = min(wanted, limit)
        self.acquireBy = min(now + acquire, self.answerBy)
    }

    /// What a request that still waits for a connection fails with at `now`, if it must.
    func waitingFault(at now: Int64, lastFault: SQLFault?, connected: Int) -> SQLFault? {
        if now >= self.answerBy { return SQLFault(.deadline, "the deadline passed while waiting for a connection") }
        guard now >= self.acquireBy else { return nil }
        guard connected > 0 else { return lastFault?.asConnectionFault ?? SQLFault(.connection, "not connected") }
        return SQLFault(.poolExhausted, "no connection became free in time")
    }
}

extension SQLFault {
    /// The same reason, seen by a request that got no connection because of it.
    var asConnectionFault: SQLFault {
        var fault = self
        fault.kind = .connection
        return fault
    }
}
