internal import Contracts
internal import Vocabulary

/// A producer's events that were received and wait to be applied. It decides what goes into one transaction, and performs no I/O.
///
/// Within a partition the order is kept; partitions take turns. What is taken stays here until it is said to be applied.
struct EventBacklog {
    /// The most events in one transaction of one organization, which may do anything.
    static let runMax = 100
    /// The most events in one transaction of several organizations.
    static let togetherMax = 400
    /// The most bytes of payloads in one transaction of several organizations. One event may have more.
    static let togetherBytesMax = 2 * 1_024 * 1_024
    /// Who has more waiting takes no more in for now.
    static let waitingMax = 2 * Self.togetherMax
    static let waitingBytesMax = 4 * Self.togetherBytesMax

    /// What is to be done next.
    enum Step {
        /// Nobody here is interested in what came up to this sequence.
        case pass(partition: Int, sequence: Int64)
        /// Events of one organization.
        case run(Portion)
        /// Events of whatever organizations.
        case together([Portion])
    }

    /// The first events that wait of a partition.
    struct Portion {
        let partition: Int
        let entries: [EventBatch.Entry]
    }

    private struct Lane {
        var entries: [EventBatch.Entry] = []
        /// So many of the first go without those of other organizations, because a transaction of several failed.
        var apart = 0
        /// So many of the first go one by one, so that one bad event costs only its own object.
        var singles = 0
        /// How often the first was tried by itself.
        var attempts = 0
    }

    private enum Kind {
        case ignored
        case together
        case other
    }

    private let handlers: EventHandlers
    private var lanes: [Int: Lane] = [:]
    /// The partitions of which something waits, in turn.
    private var turns: [Int] = []
    private var count = 0
    private var bytes = 0

    init(for handlers: EventHandlers) { self.handlers = handlers }

    var isFull: Bool { self.count >= Self.waitingMax || self.bytes >= Self.waitingBytesMax }

    /// When the event occurred that has its turn.
    var waitingSince: Instant? { self.turns.first.flatMap { self.lanes[$0]?.entries.first?.record?.occurredAt } }

    mutating func append(_ entries: [EventBatch.Entry], of partition: Int) {
        guard !entries.isEmpty else { return }
        if self.lanes[partition, default: Lane()].entries.isEmpty { self.turns.append(partition) }
        self.lanes[partition, default: Lane()].entries += entries
        self.count += entries.count
        self.bytes += Self.bytes(of: entries)
    }

    /// What is to be done next; what is passed over is not here any more.
    mutating func next() -> Step? {
        guard let partition = self.turns.first, let lane = self.lanes[partition] else { return nil }
        let ignored = lane.entries.prefix { self.kind(of: $0) == .ignored }
        if let last = ignored.last {
            self.remove(ignored.count, of: partition)
            return .pass(partition: partition, sequence: last.sequence)
        }
        let portions = self.portionsTogether()
        return portions.first?.partition == partition ? .together(portions) : .run(self.run(of: lane, partition))
    }

    // MARK: - What became of it

    mutating func applied(_ count: Int, of partition: Int) {
        self.lanes[partition]?.attempts = 0
        self.remove(count, of: partition)
    }

    /// What failed goes on in smaller transactions. Answers how often the first event has failed by itself.
    mutating func failed(_ portion: Portion, together: Bool) -> Int {
        let partition = portion.partition
        if together {
            self.lanes[partition]?.apart = portion.entries.count
        } else if portion.entries.count > 1 {
            self.lanes[partition]?.singles = portion.entries.count
        } else {
            self.lanes[partition]?.attempts += 1
        }
        self.yieldTurn(of: partition)
        return self.lanes[partition]?.attempts ?? 0
    }

    /// What could not be done now is tried again, where others do not have to wait for it.
    mutating func postponed(_ step: Step) {
        switch step {
        case .pass: return
        case .run(let portion): self.yieldTurn(of: portion.partition)
        case .together(let portions):
            for portion in portions { self.lanes[portion.partition]?.apart = portion.entries.count }
        }
    }

    private mutating func yieldTurn(of partition: Int) {
        guard let place = self.turns.firstIndex(of: partition) else { return }
        self.turns.append(self.turns.remove(at: place))
    }

    // MARK: - Choosing

    private func portionsTogether() -> [Portion] {
        var portions: [Portion] = []
        var (count, bytes) = (0, 0)
        for partition in self.turns {
            guard let lane = self.lanes[partition], lane.apart == 0, lane.singles == 0 else { continue }
            var entries: [EventBatch.Entry] = []
            for entry in lane.entries {
                guard self.kind(of: entry) != .other, count < Self.togetherMax, bytes < Self.togetherBytesMax else {
                    break
                }
                entries.append(entry)
                count += 1
                bytes += Self.bytes(of: entry)
            }
            if !entries.isEmpty { portions.append(Portion(partition: partition, entries: entries)) }
        }
        return portions
    }

    private func run(of lane: Lane, _ partition: Int) -> Portion {
        guard lane.singles == 0, let first = lane.entries.first, let organization = first.record?.organization else {
            return Portion(partition: partition, entries: Array(lane.entries.prefix(1)))
        }
        // Of one kind, as those that are taken many at a time come after the others in a transaction.
        let kind = self.kind(of: first)
        let run = lane.entries.prefix(Self.runMax).prefix {
            self.kind(of: $0) == kind && $0.record?.organization == organization
        }
        return Portion(partition: partition, entries: Array(run))
    }

    private func kind(of entry: EventBatch.Entry) -> Kind {
        guard let type = entry.type else { return .other }
        guard self.handlers.isInterested(in: type) else { return .ignored }
        return entry.record != nil && self.handlers.batchEffect(on: type) != nil ? .together : .other
    }

    private mutating func remove(_ count: Int, of partition: Int) {
        guard var lane = self.lanes[partition] else { return }
        self.count -= count
        self.bytes -= Self.bytes(of: lane.entries.prefix(count))
        lane.entries.removeFirst(count)
        lane.apart = max(0, lane.apart - count)
        lane.singles = max(0, lane.singles - count)
        self.lanes[partition] = lane.entries.isEmpty ? nil : lane
        self.yieldTurn(of: partition)
        if lane.entries.isEmpty { self.turns.removeAll { $0 == partition } }
    }

    private static func bytes(of entry: EventBatch.Entry) -> Int { entry.record?.payload.count ?? 0 }

    private static func bytes(of entries: some Sequence<EventBatch.Entry>) -> Int {
        entries.reduce(0) { $0 + self.bytes(of: $1) }
    }
}
