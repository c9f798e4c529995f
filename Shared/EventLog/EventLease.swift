internal import Postgres
internal import Vocabulary

/// This process's part in reading other services' logs. Each replica of a service keeps one row a producer that says until when it
/// is alive; of n live ones, in the order of their names, each takes every n-th partition.
///
/// Leases only save work. What keeps an event from being applied twice is the lock of the cursor's row, so two replicas may
/// well hold a partition for a moment, as they do when one has just come.
struct EventLease: Sendable {
    /// For how long a replica that has died is still counted.
    static let duration: Duration = .seconds(10)

    let database: Database
    let clock: WallClock
    let replica: String

    /// What this replica reads of a producer.
    struct Share: Sendable {
        let partitions: [Int]
        /// How long the first other lease has to run; it is worth looking when it ends. `nil` where there is no other.
        let firstEnd: Duration?
    }

    /// Says that this replica is alive, and answers its share. One statement, however many partitions and replicas there are.
    func claim(of producer: String) async throws -> Share {
        let now = self.clock.now()
        let row = try await self.database.transaction(.system) { [replica] transaction in
            let rows = try transaction.query(
                Self.claim,
                [
                    .text(producer), .text(replica), .instant(now),
                    .instant(now.advanced(bySeconds: Self.duration.components.seconds)),
                ]
            )
            return (
                others: try rows[0].int("others"), earlier: try rows[0].int("earlier"),
                firstEnd: try rows[0].instantOrNil("first_end")
            )
        }
        let (others, earlier) = (Int(row.others), Int(row.earlier))
        return Share(
            partitions: (0..<EventLog.partitionCount).filter { $0 % (others + 1) == earlier },
            firstEnd: row.firstEnd.map { .microseconds($0.microseconds - now.microseconds) }
        )
    }

    /// Takes this replica out, so that the others need not wait for its lease to end.
    func leave(_ producer: String) async throws {
        try await self.database.transaction(.system) { [replica] transaction in
            try transaction.queue(
                "DELETE FROM event_lease WHERE producer = $1 AND replica = $2",
                [.text(producer), .text(replica)]
            )
        }
    }

    /// The rows of the dead go on the way; those that another claim is about to delete are left to it.
    private static let claim: SQL = """
        WITH renewed AS (
            INSERT INTO event_lease (producer, replica, alive_until) VALUES ($1, $2, $4)
            ON CONFLICT (producer, replica) DO UPDATE SET alive_until = EXCLUDED.alive_until
        ), dead AS (
            DELETE FROM event_lease WHERE (producer, replica) IN (
                SELECT producer, replica FROM event_lease
                WHERE producer = $1 AND replica <> $2 AND alive_until <= $3 FOR UPDATE SKIP LOCKED
            )
        )
        SELECT count(*) AS others, count(*) FILTER (WHERE replica < $2) AS earlier, min(alive_until) AS first_end
        FROM event_lease WHERE producer = $1 AND replica <> $2 AND alive_until > $3
        """
}
