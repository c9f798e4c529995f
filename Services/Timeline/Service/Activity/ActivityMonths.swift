public import Postgres
internal import Synchronization
public import Vocabulary

/// A month in UTC, which is what a partition holds.
struct Month: Hashable, Sendable {
    let first: LocalDate

    init(_ instant: Instant) {
        let date = Zone.utc.date(at: instant)
        self.first = date.adding(days: 1 - date.day)
    }

    private init(first: LocalDate) { self.first = first }

    func adding(_ months: Int) -> Month { Month(first: self.first.adding(months: months)) }
}

/// Which months this process knows to have a partition, so that an append asks the database once a month.
final class KnownMonths: Sendable {
    private let months = Mutex<Set<Month>>([])

    /// Makes sure that what is recorded now has a place. The sweep makes partitions ahead; this is for a service that has not
    /// been running at the turn of the month.
    func ensure(_ recordedAt: Instant, in transaction: borrowing Transaction) throws {
        let month = Month(recordedAt)
        guard !self.months.withLock({ $0.contains(month) }) else { return }
        try transaction.query(ActivityMonths.ensure, [.date(month.first)])
        // A partition made here is gone again if the transaction fails.
        transaction.afterCommit { _ = self.months.withLock { $0.insert(month) } }
    }
}

/// Keeps partitions ready ahead of time.
public struct ActivityMonths: Sendable {
    /// This month and two more: nobody needs to look after them for two months.
    public static let readyCount = 3

    static let ensure: SQL = "SELECT activity_event_ensure_month($1::date) AS is_new"

    private let database: Database

    public init(_ database: Database) { self.database = database }

    /// Makes the partitions that are missing from now on; answers how many were.
    @discardableResult
    public func sweep(now: Instant) async throws -> Int {
        let month = Month(now)
        return try await self.database.transaction(.system) { transaction in
            var made = 0
            for ahead in 0..<Self.readyCount {
                let rows = try transaction.query(Self.ensure, [.date(month.adding(ahead).first)])
                if try rows[0].bool("is_new") { made += 1 }
            }
            return made
        }
    }
}
