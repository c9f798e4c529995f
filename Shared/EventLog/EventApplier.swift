internal import Contracts
internal import Postgres
internal import Vocabulary

/// Cursors are not where they were when these events were asked for: they must be asked for anew.
struct CursorReset: Error, CustomStringConvertible {
    /// Set back to read the log again, or taken over into another epoch.
    let description: String
}

/// How far a partition has been read where nothing was to be applied.
struct PassedEvents {
    let partition: Int
    /// Where the cursor was known to be in the database.
    let known: Int64
    let sequence: Int64
}

/// The database side of a consumer: one transaction holds the effect of some events and the cursors behind them.
struct EventApplier: Sendable {
    /// A transaction that has caused this many events takes no further one in, so that many large effects in a row cannot write
    /// more than a transaction may. One effect by itself may cause as many as there is room for above this.
    static let causedEventsEnough = EventLog.eventsPerTransactionMax / 2

    let database: Database
    let log: EventLog
    let clock: WallClock
    let handlers: EventHandlers

    func positions(of producer: String) async throws(SQLFault) -> [Int64] {
        var positions = [Int64](repeating: 0, count: EventLog.partitionCount)
        let rows = try await self.database.read(
            .system,
            "SELECT partition, sequence FROM event_cursor WHERE producer = $1",
            [.text(producer)]
        )
        for index in 0..<rows.count {
            positions[Int(try rows[index].int("partition"))] = try rows[index].int("sequence")
        }
        return positions
    }

    func position(of producer: String, partition: Int) async throws(SQLFault) -> Int64 {
        let rows = try await self.database.read(
            .system,
            "SELECT sequence FROM event_cursor WHERE producer = $1 AND partition = $2",
            [.text(producer), .int(Int64(partition))]
        )
        return rows.count == 0 ? 0 : try rows[0].int("sequence")
    }

    /// Applies a run of one organization from its first event on; answers how many, which is all of them unless they cause very many
    /// events.
    func apply(_ run: EventRun, of producer: String, epoch: Identifier) async throws -> Int {
        guard let organization = run.entries.first?.record?.organization else {
            throw EventFault("the event cannot be read")
        }
        let now = self.clock.now()
        return try await self.database.transaction(.organization(organization)) { transaction in
            let cursors = try EventCursors(locking: [run], of: producer, epoch, in: transaction)
            var handled: [Identifier] = []
            var caused: [EventRecord] = []
            var together: [EventRecord] = []
            var applied = run.entries.count
            for event in try self.due(in: [run], behind: cursors, of: producer, in: transaction) {
                guard caused.count < Self.causedEventsEnough else {
                    applied = event.index
                    break
                }
                handled.append(event.record.id)
                if event.isBlocked {
                    try Self.block(event, of: producer, now, in: transaction)
                } else if self.handlers.batchEffect(on: event.record.type) != nil {
                    together.append(event.record)
                } else if let effect = self.handlers.effect(on: event.record.type) {
                    caused += try effect(try event.received(from: producer, now), transaction)
                }
            }
            if let conclude = try self.begin(together, of: producer, now, in: transaction) { try conclude(transaction) }
            let reached = ReachedPlace(
                partition: run.partition,
                position: cursors[run].position,
                sequence: run.entries[applied - 1].sequence,
                events: handled
            )
            try cursors.move(to: [reached], in: transaction)
            try self.log.append(caused, in: transaction)
            return applied
        }
    }

    /// Applies runs of whatever organizations, all of whose events are taken many at a time: all or nothing.
    ///
    /// Organizations are visited in the order of their ids, so that two transactions which lock rows of the same ones never wait for
    /// each other.
    func applyTogether(_ runs: [EventRun], of producer: String, epoch: Identifier) async throws {
        let now = self.clock.now()
        try await self.database.visitingTransaction { visits in
            let cursors = try EventCursors(locking: runs, of: producer, epoch, in: visits.system)
            let due = try self.due(in: runs, behind: cursors, of: producer, in: visits.system)
            for event in due where event.isBlocked {
                try visits.visit(event.record.organization) { transaction in
                    try Self.block(event, of: producer, now, in: transaction)
                }
            }
            let records = Dictionary(grouping: due.filter { !$0.isBlocked }.map(\.record), by: \.organization)
            let conclusions = try records.keys.sorted().map { organization in
                try visits.visit(organization) { transaction in
                    let conclusion = try self.begin(records[organization] ?? [], of: producer, now, in: transaction)
                    return (organization: organization, conclude: conclusion)
                }
            }
            for visit in conclusions {
                try visits.visit(visit.organization) { transaction in try visit.conclude?(transaction) }
            }
            let handled = Dictionary(grouping: due, by: \.run.partition).mapValues { $0.map(\.record.id) }
            let reached = runs.compactMap { run in
                run.entries.last.map { last in
                    ReachedPlace(
                        partition: run.partition,
                        position: cursors[run].position,
                        sequence: last.sequence,
                        events: handled[run.partition] ?? []
                    )
                }
            }
            try cursors.move(to: reached, in: visits.system)
        }
    }

    /// The first half of what is done with events that are taken many at a time.
    private func begin(
        _ records: [EventRecord],
        of producer: String,
        _ now: Instant,
        in transaction: borrowing Transaction
    ) throws -> EventBatchConclusion? {
        guard let first = records.first, let effect = self.handlers.batchEffect(on: first.type) else { return nil }
        return try effect(ReceivedEvents(producer: producer, records: records, now: now), transaction)
    }

    /// An event that is to be handled: of interest, and not applied before.
    private struct DueEvent {
        let run: EventRun
        /// Its place in the run.
        let index: Int
        let record: EventRecord
        /// An earlier event of its object is parked.
        let isBlocked: Bool

        func received(from producer: String, _ now: Instant) throws -> ReceivedEvent {
            do throws(JSONFault) {
                let payload = try JSON(parsing: self.record.payload)
                return ReceivedEvent(producer: producer, record: self.record, payload: payload, now: now)
            } catch {
                throw EventFault("the payload is no JSON: \(error.reason)")
            }
        }
    }

    private func due(
        in runs: [EventRun],
        behind cursors: EventCursors,
        of producer: String,
        in transaction: borrowing Transaction
    ) throws -> [DueEvent] {
        let blocked = cursors.isAnythingParked ? try Self.blocked(by: producer, runs, in: transaction) : []
        var due: [DueEvent] = []
        for run in runs {
            // What was delivered again may be in the same run.
            var position = cursors[run].position
            let earlier = try cursors.applied(run, in: transaction)
            for (index, entry) in run.entries.enumerated() {
                guard entry.sequence > position else { continue }
                position = entry.sequence
                guard let record = entry.record, self.handlers.isInterested(in: record.type),
                    !earlier.contains(record.id)
                else { continue }
                let isBlocked = blocked.contains(Aggregate(organization: record.organization, id: record.aggregateID))
                due.append(DueEvent(run: run, index: index, record: record, isBlocked: isBlocked))
            }
        }
        return due
    }

    /// Whose events are parked that do not even say whose they are: nobody's. They are counted with the others (``ParkedCounts``)
    /// and kept for whoever operates the installation; no organization has this id.
    static let nobody = Identifier(high: 0, low: 0)

    /// Sets an event aside, whether it could be read or not.
    func park(
        _ entry: EventBatch.Entry,
        at run: EventRun,
        of producer: String,
        epoch: Identifier,
        attempts: Int,
        error: any Error
    ) async throws {
        let now = self.clock.now()
        try await self.database.transaction(.organization(entry.organization ?? Self.nobody)) { transaction in
            let cursors = try EventCursors(locking: [run], of: producer, epoch, in: transaction)
            guard cursors[run].position < entry.sequence else { return }
            var events: [Identifier] = []
            if try cursors.applied(run, in: transaction).isEmpty {
                try Self.park(
                    entry,
                    producer,
                    run.partition,
                    state: "parked",
                    attempts: attempts,
                    error: "\(error)",
                    now,
                    in: transaction
                )
                events = [entry.id].compactMap { $0 }
            }
            let reached = ReachedPlace(
                partition: run.partition,
                position: cursors[run].position,
                sequence: entry.sequence,
                events: events
            )
            try cursors.move(to: [reached], in: transaction)
        }
    }

    /// Moves cursors behind events that nobody here is interested in, unless one was moved elsewhere meanwhile.
    func pass(_ passed: [PassedEvents], of producer: String, epoch: Identifier) async throws {
        guard !passed.isEmpty else { return }
        let partitions = SQLValue.ints(passed.map { Int64($0.partition) })
        try await self.database.transaction(.system) { transaction in
            try transaction.queue(
                """
                INSERT INTO event_cursor (producer, partition, epoch, sequence)
                SELECT $1, p, $3, 0 FROM unnest($2::smallint[]) AS p ON CONFLICT DO NOTHING
                """,
                [.text(producer), partitions, .uuid(epoch)]
            )
            // In one order, as two replicas may pass over the same partitions for a moment.
            try transaction.queue(
                """
                SELECT FROM event_cursor WHERE producer = $1 AND partition = ANY ($2::smallint[])
                ORDER BY partition FOR UPDATE
                """,
                [.text(producer), partitions]
            )
            let moved = try transaction.query(
                """
                UPDATE event_cursor c SET sequence = greatest(c.sequence, g.sequence)
                FROM unnest($2::smallint[], $4::bigint[], $5::bigint[]) AS g (partition, known, sequence)
                WHERE c.producer = $1 AND c.partition = g.partition AND c.epoch = $3 AND c.sequence >= g.known
                RETURNING 1 AS moved
                """,
                [
                    .text(producer), partitions, .uuid(epoch), .ints(passed.map(\.known)),
                    .ints(passed.map(\.sequence)),
                ]
            )
            guard moved.count == passed.count else { throw CursorReset(description: "a cursor was set back") }
        }
    }

    // MARK: - Statements

    /// An object of an organization.
    private struct Aggregate: Hashable {
        let organization: Identifier
        let id: Identifier
    }

    /// The objects of the runs of which an event is set aside.
    private static func blocked(
        by producer: String,
        _ runs: [EventRun],
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Set<Aggregate> {
        let aggregates = runs.flatMap { run in run.entries.compactMap { $0.record?.aggregateID } }
        let rows = try transaction.query(
            """
            SELECT DISTINCT organization_id, aggregate_id FROM parked_event
            WHERE producer = $1 AND aggregate_id = ANY ($2::uuid[]) AND state IN ('parked', 'blocked')
            """,
            [.text(producer), .uuids(aggregates)]
        )
        var blocked: Set<Aggregate> = []
        for row in rows {
            blocked.insert(Aggregate(organization: try row.uuid("organization_id"), id: try row.uuid("aggregate_id")))
        }
        return blocked
    }

    private static func block(
        _ event: DueEvent,
        of producer: String,
        _ now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        try self.park(
            event.run.entries[event.index],
            producer,
            event.run.partition,
            state: "blocked",
            attempts: 0,
            error: "an earlier event of this object is parked",
            now,
            in: transaction
        )
    }

    private static func park(
        _ entry: EventBatch.Entry,
        _ producer: String,
        _ partition: Int,
        state: String,
        attempts: Int,
        error: String,
        _ now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        try transaction.queue(
            """
            INSERT INTO parked_event (id, organization_id, producer, partition, sequence, type, aggregate_type, aggregate_id,
                state, attempts, error, event, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) ON CONFLICT DO NOTHING
            """,
            [
                .uuid(Identifier.next(at: now)), .uuid(entry.organization ?? Self.nobody), .text(producer),
                .int(Int64(partition)), .int(entry.sequence), .text(entry.type ?? ""),
                .text(entry.aggregateType ?? ""), .uuid(entry.aggregate ?? Self.nobody),
                .text(state), .int(Int64(attempts)), .text(String(error.prefix(2_000))), .json(entry.json.bytes),
                .instant(now),
            ]
        )
    }
}
