public import Contracts
public import Postgres
public import Vocabulary

/// The service's own event log: events are written in the transaction of their effect and read by whoever subscribes.
///
/// Within a partition the order of `sequence` is the order of commits: a transaction takes the partition's ticket before it draws
/// a sequence, and PostgreSQL shows a commit before it frees the ticket (DESIGN section 6). So a reader that asks for
/// "everything after the last I saw" misses nothing.
public struct EventLog: Sendable {
    /// An organization's events are all in one partition, so its order is kept.
    public static let partitionCount = 64

    /// The advisory locks of this database are in classes; this one holds the partitions' tickets.
    static let ticketClass: Int64 = 4242

    /// The most events one transaction may write, so that a batch cannot hold a ticket for long.
    public static let eventsPerTransactionMax = 1_000

    /// The most bytes of an event's payload: with its envelope it must fit into one Wire frame (1 MiB), and into the
    /// pages and frames in which the timeline hands it on.
    public static let payloadBytesMax = 512 * 1_024

    /// Writes down what a service keeps of its own events beside the log, in the transaction that writes them.
    public typealias Witness = @Sendable (_ events: [EventRecord], _ transaction: borrowing Transaction) throws -> Void

    /// Wakes this process's readers when a transaction that wrote events has committed.
    public let signal: PartitionSignal
    private let witness: Witness?

    public init() { self.init(PartitionSignal(), nil) }

    private init(_ signal: PartitionSignal, _ witness: Witness?) {
        self.signal = signal
        self.witness = witness
    }

    /// The same log, whose every event `witness` sees before the partition's ticket is taken.
    public func witnessed(by witness: @escaping Witness) -> EventLog { EventLog(self.signal, witness) }

    public static var migrations: [Migration] {
        [
            Migration("eventlog_001", PackageResources.eventlog_001_sql),
            Migration("eventlog_002", PackageResources.eventlog_002_epochs_sql),
            Migration("eventlog_003", PackageResources.eventlog_003_leases_sql),
            Migration("eventlog_004", PackageResources.eventlog_004_unreadable_sql),
        ]
    }

    public static func partition(of organization: Identifier) -> Int {
        // The low half of a UUIDv7 is random; folding makes ids of other versions spread as well.
        let low = organization.low ^ (organization.low >> 32)
        return Int((low ^ (low >> 16)) % UInt64(Self.partitionCount))
    }

    /// Writes the events of a transaction. Must be its last statements: the ticket is taken after every row lock, so that
    /// two transactions can never wait for each other.
    ///
    /// - Throws: a `Fault` for an event that is too large to be handed on; the transaction must then not commit.
    public func append(_ events: [EventRecord], in transaction: borrowing Transaction) throws {
        guard let first = events.first else { return }
        if let large = events.first(where: { $0.payload.count > Self.payloadBytesMax }) {
            throw Fault(
                .tooLarge,
                "What \(large.type) tells has \(large.payload.count) bytes; an event has at most \(Self.payloadBytesMax)."
            )
        }
        precondition(
            events.count <= Self.eventsPerTransactionMax,
            "a transaction writes at most \(Self.eventsPerTransactionMax) events"
        )
        precondition(
            events.allSatisfy { $0.organization == first.organization },
            "a transaction belongs to one organization"
        )
        try self.witness?(events, transaction)
        let partition = Self.partition(of: first.organization)
        try transaction.queue(
            "SELECT pg_advisory_xact_lock($1::int, $2::int)",
            [.int(Self.ticketClass), .int(Int64(partition))]
        )
        // Rows of one statement draw their sequences in its order.
        for event in events { try transaction.queue(Self.insert, Self.values(of: event, partition: partition)) }
        transaction.afterCommit { [signal] in signal.raise(partition) }
    }

    private static let insert = RowInsert(
        into: "outbox_event",
        [
            "partition", "event_id", "organization_id", "type", "schema_version", "activity", "aggregate_type",
            "aggregate_id",
            "aggregate_version", "actor_kind", "actor_id", "correlation_id", "causation_id", "engagement_id",
            "occurred_at",
            "payload",
        ]
    )

    private static func values(of event: EventRecord, partition: Int) -> [SQLValue] {
        [
            .int(Int64(partition)), .uuid(event.id), .uuid(event.organization), .text(event.type),
            .int(Int64(event.schemaVersion)), .text(event.activity.rawValue), .text(event.aggregateType),
            .uuid(event.aggregateID), .int(event.aggregateVersion), .text(event.actor.kind.rawValue),
            .uuid(event.actor.id), .uuid(event.correlation), .uuid(event.causation),
            event.engagement.map(SQLValue.uuid) ?? .null, .instant(event.occurredAt), .json(event.payload),
        ]
    }
}
