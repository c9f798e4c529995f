public import Postgres
public import Vocabulary

/// The idempotency keys that a service keeps, of all its organizations.
public struct IdempotencyKeys: Sendable {
    /// A repeated request reads its first answer for so long (RELIABILITY section 4).
    public static let keptHours: Int64 = 72
    /// The most rows that one statement deletes, so that it holds no lock for long.
    public static let deletedAtOnce: Int64 = 1_000

    private let database: Database

    public init(_ database: Database) { self.database = database }

    /// Deletes what is older than is promised; answers how many.
    public func deleteExpired(at now: Instant) async throws -> Int {
        let before = now.advanced(bySeconds: -Self.keptHours * 3_600)
        var total = 0
        while true {
            let deleted = try await self.database.transaction(.system) { transaction in
                try transaction.query(
                    """
                    DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
                        SELECT ctid FROM idempotency_key WHERE created_at < $1 ORDER BY created_at LIMIT $2))
                    """,
                    [.instant(before), .int(Self.deletedAtOnce)]
                ).affected
            }
            total += deleted
            if deleted < Self.deletedAtOnce { return total }
        }
    }
}
