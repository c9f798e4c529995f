internal import Contracts
internal import Vocabulary

/// One subscriber of a service's log: what it wants, and how far it was sent that.
struct EventFollower {
    /// Keeps an item well under the frame limit of 1 MiB even when its last event is a large one.
    static let itemBytesMax = 256 * 1_024

    /// The partitions that it reads.
    let wanted: PartitionSignal.Mask
    /// How far each partition was read for it.
    private(set) var positions = [Int64](repeating: 0, count: EventLog.partitionCount)
    /// How far it knows that.
    private var told: [Int64]
    /// `nil` for all.
    private let types: Set<String>?
    private let epoch: Identifier
    private let sink: any ItemSink

    init(_ subscription: Values, in epoch: Identifier, _ sink: any ItemSink) throws {
        var wanted: PartitionSignal.Mask = 0
        for position in subscription.objects("positions") {
            let partition = Int(try position.integer("partition"))
            self.positions[partition] = try position.integer("sequence")
            wanted |= 1 << PartitionSignal.Mask(partition)
        }
        self.wanted = wanted
        self.told = self.positions
        self.types = subscription["types"] == nil ? nil : Set(subscription.texts("types"))
        self.epoch = epoch
        self.sink = sink
    }

    func wants(_ type: String) -> Bool { self.types?.contains(type) ?? true }

    /// Whether it was spared events and does not know yet how far.
    var hasPassed: Bool { self.positions != self.told }

    /// Sends consecutive events in items that fit into a frame. `last` is that of what was read, whether it is among them or not.
    mutating func send(_ entries: [EventTail.Entry], of partition: Int, upTo last: Int64) async throws {
        var rest = entries[...]
        while !rest.isEmpty {
            var writer = self.item(of: partition)
            while let entry = rest.first, writer.bytes.count < Self.itemBytesMax {
                writer.raw(entry.json)
                self.told[partition] = entry.sequence
                rest.removeFirst()
            }
            writer.endArray()
            writer.endObject()
            try await self.sink.send(writer.finish())
        }
        self.positions[partition] = last
    }

    /// Lets it move its cursors behind what it was spared, many partitions in one item.
    mutating func tellWhatWasPassed() async throws {
        let passed = self.positions.indices.filter { self.positions[$0] > self.told[$0] }
        var writer = self.item(of: 0)
        writer.endArray()
        writer.key("passed")
        EventBatch.places(Dictionary(uniqueKeysWithValues: passed.map { ($0, self.positions[$0]) })).write(
            into: &writer
        )
        writer.endObject()
        self.told = self.positions
        try await self.sink.send(writer.finish())
    }

    private func item(of partition: Int) -> JSONWriter {
        var writer = JSONWriter(capacity: 4_096)
        writer.beginObject()
        writer.key("epoch")
        writer.string(self.epoch.description)
        writer.key("partition")
        writer.int(Int64(partition))
        writer.key("events")
        writer.beginArray()
        return writer
    }
}
