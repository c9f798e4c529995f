public import Postgres
internal import Synchronization

/// Something that has happened, told from one task to another.
public final class Flag: Sendable {
    private let value = Mutex(false)

    public init() {}

    public var isSet: Bool { self.value.withLock { $0 } }

    public func set() { self.value.withLock { $0 = true } }
}

/// Two connections that want the same rows, in an order that the test decides.
extension TestService {
    /// Keeps a transaction open until `released` is set. Its body is synchronous, so its connection's thread waits here, and asks
    /// the server to make the time pass.
    public static func hold(_ transaction: borrowing Transaction, until released: Flag) throws {
        while !released.isSet { _ = try transaction.query("SELECT pg_sleep(0.005)") }
    }

    /// How many connections of this test's database wait for another's lock.
    public func connectionsWaiting() async throws -> Int64 {
        try await self.database.read(
            .system,
            """
            SELECT count(DISTINCT pid) AS waiting FROM pg_locks
            WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
            """
        )[0].int("waiting")
    }

    /// Runs `first` in a transaction that stays open until `second` waits for it or is over, and does `last` before it commits.
    /// Answers whether `second` waited.
    @discardableResult
    public func meeting(
        _ first: @escaping @Sendable (borrowing Transaction) throws -> Void,
        last: @escaping @Sendable (borrowing Transaction) throws -> Void = { _ in },
        _ second: @escaping @Sendable () async throws -> Void
    ) async throws -> Bool {
        let (held, released, over) = (Flag(), Flag(), Flag())
        return try await withThrowingTaskGroup(of: Void.self) { group in
            defer { released.set() }
            group.addTask {
                try await self.database.transaction(.organization(self.organization)) { transaction in
                    try first(transaction)
                    // Sends what `first` has queued.
                    _ = try transaction.query("SELECT 1 AS done")
                    held.set()
                    try Self.hold(transaction, until: released)
                    try last(transaction)
                }
            }
            try await eventually("the first has its locks") { held.isSet }
            group.addTask {
                defer { over.set() }
                try await second()
            }
            try await eventually("the second waits, or is over") {
                if over.isSet { return true }
                return try await self.connectionsWaiting() > 0
            }
            let hasWaited = !over.isSet
            released.set()
            try await group.waitForAll()
            return hasWaited
        }
    }
}
