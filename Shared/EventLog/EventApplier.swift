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

/// The database side of a consumer: one transaction holds the effect of some consecutive events and the cursor behind them.
struct EventApplier: Sendable {
    /// The most events in one transaction.
    static let eventsPerTransactionMax = 100

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

    /// How many of the first events nobody here is interested in.
    func passLength(_ entries: ArraySlice<EventBatch.Entry>) -> Int {
        entries.prefix { !self.isOfInterest($0) }.count
    }

    /// How many of the first events, of which one is of interest, can share a transaction: those of one organization.
    func runLength(_ entries: ArraySlice<EventBatch.Entry>) -> Int {
        guard let first = entries.first else { return 0 }
        let run = entries.prefix { self.isOfInterest($0) && $0.record?.organization == first.record?.organization }
        return min(run.count, Self.eventsPerTransactionMax)
    }

    private func isOfInterest(_ entry: EventBatch.Entry) -> Bool {
        guard let type = entry.type else { return true }
        return self.handlers.isInterested(in: type)
    }

    /// Applies the entries from the first on; answers how many, which is all of them unless they cause very many events.
    /// `known` is where the cursor was when these entries were asked for.
    func apply(
        _ entries: [EventBatch.Entry],
        of producer: String,
        partition: Int,
        epoch: Identifier,
        after known: Int64
    ) async throws -> Int {
        guard let organization = entries.first?.record?.organization else {
            throw EventFault("the event cannot be read")
        }
        let now = self.clock.now()
        return try await self.database.transaction(.organization(organization)) { transaction in
            let cursor = try Self.lock(producer, partition, epoch, after: known, in: transaction)
            let blocked = cursor.isAnythingParked ? try self.blocked(producer, entries, in: transaction) : []
            let earlier = try Self.applied(entries, behind: cursor, of: producer, partition, in: transaction)
            var handled: [Identifier] = []
            var caused: [EventRecord] = []
            var together: [EventRecord] = []
            var applied = 0
            for entry in entries {
                guard caused.count < Self.causedEventsEnough else { break }
                applied += 1
                guard entry.sequence > cursor.position else { continue }
                guard let record = entry.record, self.handlers.isInterested(in: record.type) else { continue }
                guard !earlier.contains(record.id) else { continue }
                handled.append(record.id)
                if blocked.contains(record.aggregateID) {
                    try Self.park(
                        entry,
                        producer,
                        partition,
                        state: "blocked",
                        attempts: 0,
                        error: "an earlier event of this object is parked",
                        now,
                        in: transaction
                    )
                    continue
                }
                guard self.handlers.batchEffect(on: record.type) == nil else {
                    together.append(record)
                    continue
                }
                guard let effect = self.handlers.effect(on: record.type) else { continue }
                let payload: JSON
                do throws(JSONFault) { payload = try JSON(parsing: record.payload) } catch {
                    throw EventFault("the payload is no JSON: \(error.reason)")
                }
                caused += try effect(
                    ReceivedEvent(producer: producer, record: record, payload: payload, now: now),
                    transaction
                )
            }
            if let first = together.first, let effect = self.handlers.batchEffect(on: first.type) {
                caused += try effect(ReceivedEvents(producer: producer, records: together, now: now), transaction)
            }
            let reached = entries[applied - 1].sequence
            try EventMemory.remember(
                handled,
                of: producer,
                partition,
                epoch,
                from: cursor.position,
                to: reached,
                in: transaction
            )
            try Self.move(producer, partition, to: reached, in: transaction)
            try self.log.append(caused, in: transaction)
            return applied
        }
    }

    /// Whose events are parked that do not even say whose they are: nobody's. They are counted with the others (``ParkedCounts``)
    /// and kept for whoever operates the installation; no organization has this id.
    static let nobody = Identifier(high: 0, low: 0)

    /// Sets an event aside, whether it could be read or not.
    func park(
        _ entry: EventBatch.Entry,
        of producer: String,
        partition: Int,
        epoch: Identifier,
        after known: Int64,
        attempts: Int,
        error: any Error
    ) async throws {
        let now = self.clock.now()
        try await self.database.transaction(.organization(entry.organization ?? Self.nobody)) { transaction in
            let cursor = try Self.lock(producer, partition, epoch, after: known, in: transaction)
            guard cursor.position < entry.sequence else { return }
            guard try Self.applied([entry], behind: cursor, of: producer, partition, in: transaction).isEmpty else {
                return try Self.move(producer, partition, to: entry.sequence, in: transaction)
            }
            try Self.park(
                entry,
                producer,
                partition,
                state: "parked",
                attempts: attempts,
                error: "\(error)",
                now,
                in: transaction
            )
            try EventMemory.remember(
                [entry.id].compactMap { $0 },
                of: producer,
                partition,
                epoch,
                from: cursor.position,
                to: entry.sequence,
                in: transaction
            )
            try Self.move(producer, partition, to: entry.sequence, in: transaction)
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

    private struct Cursor {
        let position: Int64
        let doubtfulUntil: Int64
        /// Whether an object of the organization can be blocked by an earlier event of its own.
        let isAnythingParked: Bool
    }

    /// Those of the entries that another epoch's history had applied already; none is looked up where none can be.
    private static func applied(
        _ entries: [EventBatch.Entry],
        behind cursor: Cursor,
        of producer: String,
        _ partition: Int,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Set<Identifier> {
        let doubtful = entries.filter { $0.sequence > cursor.position && $0.sequence <= cursor.doubtfulUntil }
        guard !doubtful.isEmpty else { return [] }
        let ids = doubtful.compactMap(\.id)
        return try EventMemory.applied(among: ids, of: producer, partition, in: transaction)
    }

    /// Locks the cursor, so that a partition is applied single file, and answers where it stands.
    private static func lock(
        _ producer: String,
        _ partition: Int,
        _ epoch: Identifier,
        after known: Int64,
        in transaction: borrowing Transaction
    ) throws -> Cursor {
        let identity: [SQLValue] = [.text(producer), .int(Int64(partition))]
        var rows = try transaction.query(Self.lockCursor, identity)
        if rows.count == 0 {
            try transaction.queue(
                "INSERT INTO event_cursor (producer, partition, epoch, sequence) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING",
                identity + [.uuid(epoch)]
            )
            rows = try transaction.query(Self.lockCursor, identity)
        }
        guard try rows[0].uuid("epoch") == epoch else {
            throw CursorReset(description: "the cursor stands in another epoch of \(producer)")
        }
        let position = try rows[0].int("sequence")
        guard position >= known else { throw CursorReset(description: "the cursor was set back") }
        return Cursor(
            position: position,
            doubtfulUntil: try rows[0].int("doubtful_until"),
            // Whoever moved the cursor while this one waited for it may have parked something that the statement did not see.
            isAnythingParked: try rows[0].bool("is_anything_parked") || position > known
        )
    }

    private static let lockCursor: SQL = """
        SELECT sequence, epoch, doubtful_until, EXISTS (
            SELECT FROM parked_event WHERE producer = $1 AND state IN ('parked', 'blocked')
        ) AS is_anything_parked FROM event_cursor WHERE producer = $1 AND partition = $2 FOR UPDATE
        """

    private static func move(
        _ producer: String,
        _ partition: Int,
        to sequence: Int64,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        try transaction.queue(
            "UPDATE event_cursor SET sequence = greatest(sequence, $3) WHERE producer = $1 AND partition = $2",
            [.text(producer), .int(Int64(partition)), .int(sequence)]
        )
    }

    private func blocked(
        _ producer: String,
        _ entries: [EventBatch.Entry],
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Set<Identifier> {
        let rows = try transaction.query(
            """
            SELECT DISTINCT aggregate_id FROM parked_event
            WHERE producer = $1 AND aggregate_id = ANY ($2::uuid[]) AND state IN ('parked', 'blocked')
            """,
            [.text(producer), .uuids(entries.compactMap { $0.record?.aggregateID })]
        )
        var blocked: Set<Identifier> = []
        for index in 0..<rows.count { blocked.insert(try rows[index].uuid("aggregate_id")) }
        return blocked
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
