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
        handlers.onEvery { events, transaction in try self.append(events, in: transaction) }
        return handlers
    }

    /// Locks the organization's chain; what it answers appends those of the events that are not there yet. They all belong to one
    /// organization.
    public func append(_ events: ReceivedEvents, in transaction: borrowing Transaction) throws -> EventBatchConclusion {
        guard let organization = events.records.first?.organization else { return { _ in } }
        let look = try transaction.ask(ChainEnd.look, ChainEnd.values(of: organization, events))
        return { transaction in
            let end = try ChainEnd(try transaction.answer(to: look), of: organization, events, in: transaction)
            try self.append(end.fresh, of: events, behind: end, in: transaction)
        }
    }

    private func append(
        _ fresh: [EventRecord],
        of events: ReceivedEvents,
        behind last: ChainEnd,
        in transaction: borrowing Transaction
    ) throws {
        guard !fresh.isEmpty else { return }
        let organization = last.head.organizationID
        // A clock that was set back must not make the order of times differ from that of the sequence.
        let recordedAt = max(events.now, last.recordedAt)
        try self.months.ensure(recordedAt, in: transaction)
        var rows = ActivityRows(capacity: fresh.count)
        var end = last.head
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
        try transaction.queue(ActivityRows.insert, rows.values(upTo: end, recordedAt: recordedAt))
        if last.head.sequence == 0 || Month(recordedAt) != Month(last.recordedAt) {
            try transaction.queue(
                "INSERT INTO activity_month (organization_id, first_seq, recorded_from) VALUES ($1, $2, $3)",
                [.uuid(organization), .int(last.head.sequence + 1), .instant(recordedAt)]
            )
        }
        let partition = EventLog.partition(of: organization)
        transaction.afterCommit { [signal] in signal.raise(partition) }
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
