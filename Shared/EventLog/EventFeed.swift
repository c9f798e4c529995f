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
        var positions = [Int64](repeating: 0, count: EventLog.partitionCount)
        var wanted: PartitionSignal.Mask = 0
        for position in input.objects("positions") {
            let partition = Int(try position.integer("partition"))
            positions[partition] = try position.integer("sequence")
            wanted |= 1 << PartitionSignal.Mask(partition)
        }
        let row = try await self.database.read(
            .system,
            "SELECT epoch, after_sequence FROM outbox_epoch ORDER BY started_at DESC, epoch LIMIT 1"
        )[0]
        let epoch = try row.uuid("epoch")
        self.tail.enter(epoch)
        // Who stands in another epoch would wait in vain for what is after its position.
        try await sink.send(Self.beginning(of: epoch, after: try row.int("after_sequence")))
        let news = self.signal.subscribe()
        defer { news.end() }
        let clock = ContinuousClock()
        var mask = wanted
        while !Task.isCancelled {
            let looked = clock.now
            try await self.tail.refresh()
            while mask != 0 {
                mask = try await self.send(from: &positions, mask: mask, epoch: epoch, into: sink)
            }
            mask = await news.wait(timeout: Self.pollInterval) & wanted
            if mask != 0, clock.now - looked < Self.gatherInterval {
                // The next commits of a rush come within this time and go out together.
                try await clock.sleep(until: looked + Self.gatherInterval)
            }
            // Another process of this service may have written, and nothing here tells: the tail finds out, and what it keeps costs
            // nothing to look at.
            mask = wanted
        }
    }

    private static func beginning(of epoch: Identifier, after sequence: Int64) -> [UInt8] {
        JSON.object([
            "epoch": .string(epoch.description), "epoch_after": .int(sequence), "partition": 0, "events": [],
        ]).bytes
    }

    /// Sends one batch of each partition in `mask`; answers those that may have more.
    private func send(
        from positions: inout [Int64],
        mask: PartitionSignal.Mask,
        epoch: Identifier,
        into sink: any ItemSink
    ) async throws -> PartitionSignal.Mask {
        var behind: PartitionSignal.Mask = 0
        for partition in Self.partitions(in: mask) {
            guard let entries = self.tail.entries(of: partition, after: positions[partition]) else {
                behind |= 1 << PartitionSignal.Mask(partition)
                continue
            }
            try await self.send(entries, of: partition, from: &positions, epoch: epoch, into: sink)
        }
        guard behind != 0 else { return 0 }
        var read: [Int: [EventTail.Entry]] = [:]
        for row in try await Self.read(behind, after: positions, from: self.database) {
            read[Int(try row.int("partition")), default: []].append(try EventTail.Entry(row))
        }
        for (partition, entries) in read.sorted(by: { $0.key < $1.key }) {
            try await self.send(entries, of: partition, from: &positions, epoch: epoch, into: sink)
        }
        return Self.mask(of: read.filter { $0.value.count == Self.batchMax }.keys)
    }

    /// Sends consecutive events in items that fit into a frame.
    private func send(
        _ entries: [EventTail.Entry],
        of partition: Int,
        from positions: inout [Int64],
        epoch: Identifier,
        into sink: any ItemSink
    ) async throws {
        var rest = entries[...]
        while !rest.isEmpty {
            var writer = JSONWriter(capacity: 4_096)
            writer.beginObject()
            writer.key("epoch")
            writer.string(epoch.description)
            writer.key("partition")
            writer.int(Int64(partition))
            writer.key("events")
            writer.beginArray()
            while let entry = rest.first, writer.bytes.count < Self.itemBytesMax {
                writer.raw(entry.json)
                positions[partition] = entry.sequence
                rest.removeFirst()
            }
            writer.endArray()
            writer.endObject()
            try await sink.send(writer.finish())
        }
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

    /// Keeps an item well under the frame limit of 1 MiB even when its last event is a large one.
    static let itemBytesMax = 256 * 1_024
}
