internal import Contracts
internal import Postgres
internal import Synchronization
internal import Vocabulary

/// The newest events of this service's log, read once and written as JSON once for all who follow it.
///
/// Who stands within what is kept gets the same bytes as everybody else; who is further behind reads the log itself until he is
/// near enough. Nothing is read for nobody: the followers ask for what is new, and one reading answers all that wait for it.
final class EventTail: Sendable {
    /// What is kept of a partition: enough for followers that are a moment apart.
    static let entriesMax = 128
    /// The most bytes kept of a partition, whatever its events hold; the newest event is kept at any size.
    static let bytesMax = 128 * 1_024

    struct Entry: Sendable {
        let sequence: Int64
        let type: String
        /// The event as it travels.
        let json: [UInt8]

        init(_ row: Row) throws(SQLFault) {
            self.sequence = try row.int("sequence")
            self.type = try row.text("type")
            var writer = JSONWriter(capacity: 1_024)
            try EventRecord(row).write(into: &writer, sequence: self.sequence)
            self.json = writer.finish()
        }
    }

    private struct Partition {
        /// What came after this is kept, up to the end of the log as it was read last.
        var after: Int64
        var entries: [Entry] = []
        var bytes = 0

        var end: Int64 { self.entries.last?.sequence ?? self.after }

        mutating func append(_ entry: Entry) {
            self.entries.append(entry)
            self.bytes += entry.json.count
            while self.entries.count > 1, self.entries.count > EventTail.entriesMax || self.bytes > EventTail.bytesMax {
                let first = self.entries.removeFirst()
                self.bytes -= first.json.count
                self.after = first.sequence
            }
        }
    }

    private struct State {
        /// Empty until the log has been read for the first time, and after a failure.
        var partitions: [Partition] = []
        var epoch: Identifier?
        var isReading = false
        var waiters: [CheckedContinuation<SQLFault?, Never>] = []
        var lookedEverywhere: ContinuousClock.Instant?
    }

    private let database: Database
    private let news: PartitionSignal.Subscription
    private let state = Mutex(State())
    private let clock = ContinuousClock()

    init(database: Database, log: EventLog) {
        self.database = database
        self.news = log.signal.subscribe()
    }

    deinit { self.news.end() }

    /// Forgets what is of another epoch: its positions mean nothing in this one.
    func enter(_ epoch: Identifier) {
        self.state.withLock { state in
            guard state.epoch != epoch else { return }
            state.epoch = epoch
            state.partitions.removeAll()
        }
    }

    /// What is kept of a partition behind a position, or `nil` for who is too far behind.
    func entries(of partition: Int, after position: Int64) -> [Entry]? {
        self.state.withLock { state in
            guard partition < state.partitions.count, position >= state.partitions[partition].after else { return nil }
            let entries = state.partitions[partition].entries
            guard let end = entries.last?.sequence, end > position else { return [] }
            return Array(entries[(entries.firstIndex { $0.sequence > position } ?? entries.endIndex)...])
        }
    }

    /// Returns when everything is kept that this process had committed when it was called. What other processes of the service commit
    /// is looked for every ``EventFeed/pollInterval``.
    func refresh() async throws(SQLFault) {
        let fault = await withCheckedContinuation { (continuation: CheckedContinuation<SQLFault?, Never>) in
            let mustRead = self.state.withLock { state in
                state.waiters.append(continuation)
                defer { state.isReading = true }
                return !state.isReading
            }
            // A task of its own: who happened to ask first may leave, and the others still wait.
            if mustRead { Task { await self.read() } }
        }
        if let fault { throw fault }
    }

    // MARK: - Reading

    private func read() async {
        while true {
            var fault: SQLFault?
            // Who asks from here on asks after this look.
            let waiters = self.state.withLock { state in
                defer { state.waiters.removeAll() }
                return state.waiters
            }
            do throws(SQLFault) {
                try await self.readOn()
            } catch {
                fault = error
                self.state.withLock { $0.partitions.removeAll() }
            }
            for waiter in waiters { waiter.resume(returning: fault) }
            let isDone = self.state.withLock { state in
                state.isReading = !state.waiters.isEmpty
                return state.waiters.isEmpty
            }
            if isDone { return }
        }
    }

    private func readOn() async throws(SQLFault) {
        if self.state.withLock({ $0.partitions.isEmpty }) { try await self.begin() }
        var mask = self.news.take()
        let now = self.clock.now
        let mustLookEverywhere = self.state.withLock { state in
            let isDue = state.lookedEverywhere.map { now - $0 >= EventFeed.pollInterval } ?? true
            if isDue { state.lookedEverywhere = now }
            return isDue
        }
        // Another process of this service may have written, and nothing here tells.
        if mustLookEverywhere { mask = .max }
        while mask != 0 {
            let ends = self.state.withLock { $0.partitions.map(\.end) }
            // Another epoch has begun meanwhile: who asks next begins there.
            guard ends.count == EventLog.partitionCount else { return }
            let rows = try await EventFeed.read(mask, after: ends, from: self.database)
            var read = [Int](repeating: 0, count: EventLog.partitionCount)
            for row in rows {
                let partition = Int(try row.int("partition"))
                let entry = try Entry(row)
                self.state.withLock { state in
                    guard partition < state.partitions.count else { return }
                    state.partitions[partition].append(entry)
                }
                read[partition] += 1
            }
            mask = EventFeed.mask(of: read.indices.filter { read[$0] == EventFeed.batchMax })
        }
    }

    /// From the end of the log on: what is before it is read by those who need it.
    private func begin() async throws(SQLFault) {
        let rows = try await self.database.read(
            .system,
            """
            SELECT (SELECT coalesce(max(sequence), 0) FROM outbox_event o WHERE o.partition = p) AS sequence
            FROM generate_series(0, $1::int - 1) AS p ORDER BY p
            """,
            [.int(Int64(EventLog.partitionCount))]
        )
        var partitions: [Partition] = []
        for row in rows { partitions.append(Partition(after: try row.int("sequence"))) }
        self.state.withLock { [partitions] in $0.partitions = partitions }
    }
}
