internal import Contracts
internal import EventLog
internal import Postgres
internal import TimelineDomain
internal import Vocabulary

/// Where an organization's chain ends, and which of some events are not in it. Its row is locked for the rest of the transaction.
struct ChainEnd {
    let head: HashChain.Head
    let recordedAt: Instant
    let fresh: [EventRecord]

    /// `answer` is that to ``look``.
    init(
        _ answer: Rows,
        of organization: Identifier,
        _ events: ReceivedEvents,
        in transaction: borrowing Transaction
    ) throws {
        let values = Self.values(of: organization, events)
        var rows = answer
        if rows.isEmpty {
            try transaction.queue(
                """
                INSERT INTO activity_head (organization_id, last_seq, last_hash, last_recorded_at) VALUES ($1, 0, $2, $3)
                ON CONFLICT DO NOTHING
                """,
                [
                    .uuid(organization), .bytes(ActivityLog.chain.head(of: organization).hash),
                    .instant(Instant(microseconds: 0)),
                ]
            )
            rows = try transaction.query(Self.look, values)
        }
        let row = rows[0]
        self.head = HashChain.Head(
            organizationID: organization,
            sequence: try row.int("last_seq"),
            hash: try row.binary("last_hash")
        )
        self.recordedAt = try row.instant("last_recorded_at")
        // What was appended while the lock was waited for is not among what was counted.
        let isCurrent = try row.int("seen_seq") == self.head.sequence
        var known: Set<Identifier> = []
        if try !isCurrent || row.int("duplicates") > 0 {
            for row in try transaction.query(Self.duplicates, values) { known.insert(try row.uuid("event_id")) }
        }
        self.fresh = events.records.filter { known.insert($0.id).inserted }
    }

    // MARK: - Statements

    static func values(of organization: Identifier, _ events: ReceivedEvents) -> [SQLValue] {
        let earliest = events.records.reduce(events.now) { min($0, $1.occurredAt) }
        return [
            .uuid(organization), .uuids(events.records.map(\.id)),
            .instant(earliest.advanced(bySeconds: -ActivityLog.skewMax)),
        ]
    }

    /// Locks the head, and counts what is there already in the same statement.
    static let look: SQL =
        """
        WITH head AS MATERIALIZED (
            SELECT last_seq, last_hash, last_recorded_at FROM activity_head WHERE organization_id = $1 FOR UPDATE
        )
        SELECT head.*, (SELECT last_seq FROM activity_head WHERE organization_id = $1) AS seen_seq, (
            SELECT count(*)
        """ + ChainEnd.there + ") AS duplicates FROM head"

    private static let duplicates: SQL = "SELECT event_id" + ChainEnd.there

    /// The second net behind the consumer's cursor: it catches what is delivered again after a restore from a backup. Nothing
    /// slips through between this look and the insert, for the head is locked.
    private static let there: SQL = """
         FROM activity_event
        WHERE organization_id = $1 AND event_id = ANY ($2::uuid[]) AND recorded_at >= $3
        """
}
