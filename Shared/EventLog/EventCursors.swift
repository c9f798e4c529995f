internal import Postgres
internal import Vocabulary

/// Consecutive events of one partition that share a transaction.
struct EventRun: Sendable {
    let partition: Int
    /// Where the cursor was known to be when the events were asked for.
    let known: Int64
    let entries: [EventBatch.Entry]
}

/// How far a run has been applied, and with which events.
struct ReachedPlace {
    let partition: Int
    /// Where the cursor was.
    let position: Int64
    let sequence: Int64
    let events: [Identifier]
}

/// The places in one producer's log up to which this consumer has applied it, one a partition.
struct EventCursors {
    struct Cursor {
        let position: Int64
        let doubtfulUntil: Int64
    }

    private let producer: String
    private let epoch: Identifier
    private var places: [Int: Cursor] = [:]
    /// Whether an object can be blocked by an earlier event of its own.
    private(set) var isAnythingParked = false

    /// Locks the cursors of the runs, so that a partition is applied single file. In the order of partitions, as two replicas may want
    /// the same for a moment.
    init(
        locking runs: [EventRun],
        of producer: String,
        _ epoch: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        self.producer = producer
        self.epoch = epoch
        let identity: [SQLValue] = [.text(producer), .ints(runs.map { Int64($0.partition) })]
        var rows = try transaction.query(Self.lock, identity)
        if rows.count < runs.count {
            try transaction.queue(
                """
                INSERT INTO event_cursor (producer, partition, epoch, sequence)
                SELECT $1, p, $3, 0 FROM unnest($2::smallint[]) AS p ORDER BY p ON CONFLICT DO NOTHING
                """,
                identity + [.uuid(epoch)]
            )
            rows = try transaction.query(Self.lock, identity)
        }
        let known = Dictionary(uniqueKeysWithValues: runs.map { ($0.partition, $0.known) })
        for row in rows {
            guard try row.uuid("epoch") == epoch else {
                throw CursorReset(description: "the cursor stands in another epoch of \(producer)")
            }
            let (partition, position) = (Int(try row.int("partition")), try row.int("sequence"))
            guard let known = known[partition], position >= known else {
                throw CursorReset(description: "the cursor was set back")
            }
            self.places[partition] = Cursor(position: position, doubtfulUntil: try row.int("doubtful_until"))
            // Whoever moved the cursor while this one waited for it may have parked something that the statement did not see.
            if try row.bool("is_anything_parked") || position > known { self.isAnythingParked = true }
        }
    }

    subscript(run: EventRun) -> Cursor {
        // Every cursor of the runs was locked, and made where it was missing.
        self.places[run.partition] ?? Cursor(position: run.known, doubtfulUntil: 0)
    }

    private static let lock: SQL = """
        SELECT partition, sequence, epoch, doubtful_until, EXISTS (
            SELECT FROM parked_event WHERE producer = $1 AND state IN ('parked', 'blocked')
        ) AS is_anything_parked
        FROM event_cursor WHERE producer = $1 AND partition = ANY ($2::smallint[]) ORDER BY partition FOR UPDATE
        """

    /// Moves the cursors behind what was applied, and remembers which events that was.
    func move(to reached: [ReachedPlace], in transaction: borrowing Transaction) throws(SQLFault) {
        try transaction.queue(
            EventMemory.rememberAndMove,
            [
                .text(self.producer), .uuid(self.epoch), .ints(reached.map { Int64($0.partition) }),
                .ints(reached.map(\.sequence)),
                .texts(reached.map { "{\($0.events.map(\.description).joined(separator: ","))}" }),
            ]
        )
        for place in reached {
            try EventMemory.forget(of: self.producer, place, in: transaction)
        }
    }

    /// Those of the run's entries that another epoch's history had applied already; none is looked up where none can be.
    func applied(_ run: EventRun, in transaction: borrowing Transaction) throws(SQLFault) -> Set<Identifier> {
        let cursor = self[run]
        let doubtful = run.entries.filter { $0.sequence > cursor.position && $0.sequence <= cursor.doubtfulUntil }
        guard !doubtful.isEmpty else { return [] }
        return try EventMemory.applied(
            among: doubtful.compactMap(\.id),
            of: self.producer,
            run.partition,
            in: transaction
        )
    }
}
