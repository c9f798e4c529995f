internal import Postgres
internal import Vocabulary

/// Which events of a producer a consumer has applied lately, by their ids: what keeps an event from being applied twice where its
/// place in the log says nothing, after the producer was restored from a backup (DESIGN section 6).
///
/// Distances are in sequences of the producer's log, all partitions together.
enum EventMemory {
    /// How far back ids are kept: at a hundred events a second, half an hour of them.
    static let kept: Int64 = 200_000

    /// How far before the new epoch's beginning a consumer reads again. The epoch says where the log had got when it began; what
    /// was written between the restore and that moment has places that other events had before.
    static let doubted: Int64 = 100_000

    /// Ids are forgotten once in so many sequences, so that a transaction rarely pays for it.
    private static let forgottenEvery: Int64 = 1_000

    /// Remembers what was applied of several partitions and moves their cursors there: one statement a transaction.
    static let rememberAndMove: SQL = """
        WITH reached AS (
            SELECT * FROM unnest($3::smallint[], $4::bigint[], $5::text[]) AS r (partition, sequence, event_ids)
        ), remembered AS (
            INSERT INTO event_applied (producer, partition, epoch, sequence, event_ids)
            SELECT $1::text, partition, $2::uuid, sequence, event_ids::uuid[] FROM reached WHERE event_ids <> '{}'
            ON CONFLICT (producer, partition, sequence, epoch) DO UPDATE
            SET event_ids = event_applied.event_ids || EXCLUDED.event_ids
        )
        UPDATE event_cursor c SET sequence = greatest(c.sequence, reached.sequence)
        FROM reached WHERE c.producer = $1 AND c.partition = reached.partition
        """

    /// Forgets what is far behind, once in a while.
    static func forget(
        of producer: String,
        _ reached: ReachedPlace,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        let sequence = reached.sequence
        guard sequence > Self.kept, sequence / Self.forgottenEvery != reached.position / Self.forgottenEvery else {
            return
        }
        let place: [SQLValue] = [.text(producer), .int(Int64(reached.partition)), .int(sequence - Self.kept)]
        // From where the last deletion ended: what it left in the index is not looked through again until it is vacuumed.
        try transaction.queue(
            """
            DELETE FROM event_applied WHERE producer = $1 AND partition = $2 AND sequence <= $3 AND sequence >
                (SELECT remembered_after FROM event_cursor WHERE producer = $1 AND partition = $2)
            """,
            place
        )
        try transaction.queue(
            """
            UPDATE event_cursor SET remembered_after = greatest(remembered_after, $3)
            WHERE producer = $1 AND partition = $2
            """,
            place
        )
    }

    /// Those of the events that were applied already.
    static func applied(
        among events: [Identifier],
        of producer: String,
        _ partition: Int,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Set<Identifier> {
        let rows = try transaction.query(
            """
            SELECT DISTINCT event_id FROM event_applied CROSS JOIN unnest(event_ids) AS event_id
            WHERE producer = $1 AND partition = $2 AND event_id = ANY ($3::uuid[])
            """,
            [.text(producer), .int(Int64(partition)), .uuids(events)]
        )
        var applied: Set<Identifier> = []
        for index in 0..<rows.count { applied.insert(try rows[index].uuid("event_id")) }
        return applied
    }

    /// Takes every cursor of a producer over into its new epoch, which began when its log had got to `beginning`. Answers how many
    /// stood in another.
    ///
    /// A backup is a beginning of the history that it was taken of, so what is at or before `beginning` has the place that it had.
    /// A cursor that is farther has applied events which the producer has lost, and their places are given to others now.
    static func follow(
        _ producer: String,
        into epoch: Identifier,
        beginningAfter beginning: Int64,
        in database: Database
    ) async throws -> Int {
        try await database.transaction(.system) { transaction in
            try transaction.query(
                """
                UPDATE event_cursor SET epoch = $2, doubtful_until = $3,
                    sequence = least(sequence, $3, greatest($3::bigint - $4::bigint, remembered_after))
                WHERE producer = $1 AND epoch <> $2
                """,
                [.text(producer), .uuid(epoch), .int(beginning), .int(Self.doubted)]
            ).affected
        }
    }
}
