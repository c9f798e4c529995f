public import Contracts
public import Postgres
internal import Vocabulary

/// The producer's side: operations by which other services read this one's log.
///
/// A subscriber sends where it stands in the partitions that it wants, and gets batches of those from there, so the producer keeps
/// nothing about its readers.
public struct EventFeed: Sendable {
    /// The most events of one partition in one item.
    public static let batchMax = 100
    /// How often commits of other processes of this service are looked for, which nothing here tells of. A follower that comes just
    /// before such a look hears of it at its next one, so after at most twice this.
    public static let pollInterval: Duration = .milliseconds(200)
    /// The least time between two looks at the log: what is committed in a rush goes out together, the first of it at once.
    static let gatherInterval: Duration = .milliseconds(5)
    /// How often a subscriber of some types is told how far the log was passed over for it. Whoever waits there for an event of
    /// another type waits so long.
    static let passedInterval: Duration = .milliseconds(20)
    /// The most types that a subscriber may name.
    static let typesMax = 500

    private let database: Database
    private let signal: PartitionSignal
    private let tail: EventTail

    public init(database: Database, log: EventLog) {
        self.database = database
        self.signal = log.signal
        self.tail = EventTail(database: database, log: log)
    }

    public static func subscribe(to service: String) -> OperationDeclaration {
        OperationDeclaration(
            "\(service).events.subscribe",
            nil,
            access: .peers,
            "Streams this service's events from the given positions."
        )
        .body([
            Field.text("consumer", max: 63).required(),
            Field.list(
                "positions",
                of: [
                    Field.integer("partition", 0...Int64(EventLog.partitionCount - 1)).required(),
                    Field.integer("sequence", 0...Int64.max).required(),
                ],
                countMax: EventLog.partitionCount
            ).required(),
            Field.list("types", of: .text(TextRule(lengthMax: 100)), countMax: Self.typesMax)
                .described(
                    "Only events of these types are sent, and now and then how far the log was read for them; by default all."
                ),
        ])
        .answers(.stream("EventBatch", []))
    }

    public static func position(of service: String) -> OperationDeclaration {
        OperationDeclaration(
            "\(service).events.position",
            nil,
            access: .peers,
            "How far this service's log has got in a partition."
        )
        .body([Field.integer("partition", 0...Int64(EventLog.partitionCount - 1)).required()])
        .answers(.object("EventPosition", []))
    }

    public func register(in router: inout Router) {
        router.stream(Self.subscribe(to: router.service)) { input, _, sink in
            try await self.stream(input, into: sink)
        }
        router.serve(Self.position(of: router.service)) { input, _ in
            let rows = try await self.database.read(
                .system,
                "SELECT coalesce(max(sequence), 0) AS sequence FROM outbox_event WHERE partition = $1",
                [.int(try input.integer("partition"))]
            )
            var writer = JSONWriter(capacity: 32)
            writer.beginObject()
            writer.key("sequence")
            writer.int(try rows[0].int("sequence"))
            writer.endObject()
            return Reply(body: writer.bytes)
        }
    }

    private func stream(_ input: Values, into sink: any ItemSink) async throws {
        let row = try await self.database.read(
            .system,
            "SELECT epoch, after_sequence FROM outbox_epoch ORDER BY started_at DESC, epoch LIMIT 1"
        )[0]
        let epoch = try row.uuid("epoch")
        self.tail.enter(epoch)
        // Who stands in another epoch would wait in vain for what is after its position.
        try await sink.send(Self.beginning(of: epoch, after: try row.int("after_sequence")))
        var follower = try EventFollower(input, in: epoch, sink)
        let news = self.signal.subscribe()
        defer { news.end() }
        let clock = ContinuousClock()
        var mask = follower.wanted
        var told = clock.now
        while !Task.isCancelled {
            let looked = clock.now
            try await self.tail.refresh()
            while mask != 0 { mask = try await self.send(mask, to: &follower) }
            if follower.hasPassed, clock.now - told >= Self.passedInterval {
                try await follower.tellWhatWasPassed()
                told = clock.now
            }
            let timeout = follower.hasPassed ? max(.zero, told + Self.passedInterval - clock.now) : Self.pollInterval
            mask = await news.wait(timeout: timeout) & follower.wanted
            if mask != 0, clock.now - looked < Self.gatherInterval {
                // The next commits of a rush come within this time and go out together.
                try await clock.sleep(until: looked + Self.gatherInterval)
            }
            // Another process of this service may have written, and nothing here tells: the tail finds out, and what it keeps costs
            // nothing to look at.
            mask = follower.wanted
        }
    }

    private static func beginning(of epoch: Identifier, after sequence: Int64) -> [UInt8] {
        JSON.object([
            "epoch": .string(epoch.description), "epoch_after": .int(sequence), "partition": 0, "events": [],
        ]).bytes
    }

    /// Sends one batch of each partition in `mask`; answers those that may have more.
    private func send(
        _ mask: PartitionSignal.Mask,
        to follower: inout EventFollower
    ) async throws -> PartitionSignal.Mask {
        var behind: PartitionSignal.Mask = 0
        for partition in Self.partitions(in: mask) {
            guard let entries = self.tail.entries(of: partition, after: follower.positions[partition]) else {
                behind |= 1 << PartitionSignal.Mask(partition)
                continue
            }
            guard let last = entries.last else { continue }
            try await follower.send(entries.filter { follower.wants($0.type) }, of: partition, upTo: last.sequence)
        }
        guard behind != 0 else { return 0 }
        var read: [Int: (count: Int, last: Int64, entries: [EventTail.Entry])] = [:]
        for row in try await Self.read(behind, after: follower.positions, from: self.database) {
            var batch = read[Int(try row.int("partition"))] ?? (0, 0, [])
            batch.count += 1
            batch.last = try row.int("sequence")
            if follower.wants(try row.text("type")) { batch.entries.append(try EventTail.Entry(row)) }
            read[Int(try row.int("partition"))] = batch
        }
        for (partition, batch) in read.sorted(by: { $0.key < $1.key }) {
            try await follower.send(batch.entries, of: partition, upTo: batch.last)
        }
        return Self.mask(of: read.filter { $0.value.count == Self.batchMax }.keys)
    }

    /// The next events of each partition in `mask`, in the order of partitions and sequences.
    static func read(
        _ mask: PartitionSignal.Mask,
        after positions: [Int64],
        from database: Database
    ) async throws(SQLFault) -> Rows {
        let partitions = self.partitions(in: mask)
        return try await database.read(
            .system,
            """
            SELECT e.* FROM unnest($1::smallint[], $2::bigint[]) AS c (partition, sequence)
            CROSS JOIN LATERAL (
                SELECT * FROM outbox_event o WHERE o.partition = c.partition AND o.sequence > c.sequence
                ORDER BY o.sequence LIMIT $3
            ) e ORDER BY e.partition, e.sequence
            """,
            [.ints(partitions.map(Int64.init)), .ints(partitions.map { positions[$0] }), .int(Int64(Self.batchMax))]
        )
    }

    static func mask(of partitions: some Sequence<Int>) -> PartitionSignal.Mask {
        partitions.reduce(0) { $0 | 1 << PartitionSignal.Mask($1) }
    }

    private static func partitions(in mask: PartitionSignal.Mask) -> [Int] {
        (0..<EventLog.partitionCount).filter { mask & (1 << PartitionSignal.Mask($0)) != 0 }
    }
}
