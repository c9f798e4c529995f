internal import Contracts
internal import Crypto
public import EventLog
public import Postgres
internal import TimelineDomain
internal import Vocabulary

/// Appends events to their organization's chain.
///
/// The organization's head row is locked for the rest of the transaction, so that its sequence has neither gaps nor an order
/// other than that of commits, whoever appends at the same time.
public struct ActivityLog: Sendable {
    /// How long before an event occurred a duplicate of it may have been recorded: what clocks may differ by.
    static let skewMax: Int64 = 31 * 86_400

    static let chain = HashChain { Array(SHA256.hash(data: $0)) }

    /// Raised once entries of a partition's organizations are committed.
    let signal = PartitionSignal()
    private let months = KnownMonths()

    public init() {}

    /// Takes in every event of the services that are consumed.
    public var handlers: EventHandlers {
        var handlers = EventHandlers()
        handlers.onEvery { events, transaction in
            try self.append(events, in: transaction)
            return []
        }
        return handlers
    }

    /// Appends the events that are not there yet, which all belong to one organization. Answers how many were.
    @discardableResult
    public func append(_ events: ReceivedEvents, in transaction: borrowing Transaction) throws -> Int {
        guard let organization = events.records.first?.organization else { return 0 }
        let (head, lastRecordedAt) = try Self.lock(organization, in: transaction)
        let fresh = try Self.withoutDuplicates(events, of: organization, in: transaction)
        guard !fresh.isEmpty else { return 0 }
        // A clock that was set back must not make the order of times differ from that of the sequence.
        let recordedAt = max(events.now, lastRecordedAt)
        try self.months.ensure(recordedAt, in: transaction)
        var rows = ActivityRows(capacity: fresh.count)
        var end = head
        for event in fresh {
            let record = ActivityRecord(
                event,
                sequence: end.sequence + 1,
                producer: events.producer,
                recordedAt: recordedAt
            )
            let link = try Self.chain.link(record, after: end)
            rows.append(link, schemaVersion: event.schemaVersion)
            end = HashChain.Head(organizationID: organization, sequence: record.sequence, hash: link.hash)
        }
        try transaction.queue(ActivityRows.insert, rows.values(of: organization, recordedAt: recordedAt))
        if head.sequence == 0 || Month(recordedAt) != Month(lastRecordedAt) {
            try transaction.queue(
                "INSERT INTO activity_month (organization_id, first_seq, recorded_from) VALUES ($1, $2, $3)",
                [.uuid(organization), .int(head.sequence + 1), .instant(recordedAt)]
            )
        }
        try transaction.queue(
            "UPDATE activity_head SET last_seq = $2, last_hash = $3, last_recorded_at = $4 WHERE organization_id = $1",
            [.uuid(organization), .int(end.sequence), .bytes(end.hash), .instant(recordedAt)]
        )
        let partition = EventLog.partition(of: organization)
        transaction.afterCommit { [signal] in signal.raise(partition) }
        return fresh.count
    }

    // MARK: - Statements

    private static func lock(
        _ organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> (head: HashChain.Head, recordedAt: Instant) {
        let select: SQL =
            "SELECT last_seq, last_hash, last_recorded_at FROM activity_head WHERE organization_id = $1 FOR UPDATE"
        var rows = try transaction.query(select, [.uuid(organization)])
        if rows.isEmpty {
            try transaction.queue(
                """
                INSERT INTO activity_head (organization_id, last_seq, last_hash, last_recorded_at) VALUES ($1, 0, $2, $3)
                ON CONFLICT DO NOTHING
                """,
                [
                    .uuid(organization), .bytes(self.chain.head(of: organization).hash),
                    .instant(Instant(microseconds: 0)),
                ]
            )
            rows = try transaction.query(select, [.uuid(organization)])
        }
        return (
            HashChain.Head(
                organizationID: organization,
                sequence: try rows[0].int("last_seq"),
                hash: try rows[0].binary("last_hash")
            ),
            try rows[0].instant("last_recorded_at")
        )
    }

    /// The second net behind the consumer's cursor: it catches what is delivered again after a restore from a backup. Nothing
    /// slips through between this look and the insert, for the head is locked.
    private static func withoutDuplicates(
        _ events: ReceivedEvents,
        of organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let earliest = events.records.reduce(events.now) { min($0, $1.occurredAt) }
        let rows = try transaction.query(
            "SELECT event_id FROM activity_event WHERE organization_id = $1 AND event_id = ANY ($2::uuid[]) AND recorded_at >= $3",
            [
                .uuid(organization), .uuids(events.records.map(\.id)),
                .instant(earliest.advanced(bySeconds: -self.skewMax)),
            ]
        )
        var known: Set<Identifier> = []
        for row in rows { known.insert(try row.uuid("event_id")) }
        return events.records.filter { known.insert($0.id).inserted }
    }
}

extension ActivityRecord {
    init(_ event: EventRecord, sequence: Int64, producer: String, recordedAt: Instant) {
        self.init(
            organizationID: event.organization,
            sequence: sequence,
            id: event.id,
            type: event.activity.rawValue,
            eventType: event.type,
            entityType: event.aggregateType,
            entityID: event.aggregateID,
            entityVersion: event.aggregateVersion,
            engagementID: event.engagement,
            actorKind: event.actor.kind.rawValue,
            actorID: event.actor.id,
            correlationID: event.correlation,
            causationID: event.causation,
            producer: producer,
            occurredAt: event.occurredAt,
            recordedAt: recordedAt,
            metadata: event.payload
        )
    }
}
