public import Contracts
public import Vocabulary

/// Where a consumer gets another service's events from: over Wire in production, from a database in a test.
public protocol EventSource: Sendable {
    /// The service whose events these are.
    var producer: String { get }

    /// Delivers batches of the partitions that have a position, from there on, until the connection ends or the task is cancelled.
    /// With `types`, events of others need not be delivered.
    func subscribe(
        consumer: String,
        after positions: [Int: Int64],
        of types: [String]?,
        _ receive: @escaping @Sendable (EventBatch) async throws -> Void
    ) async throws

    /// The last sequence written to a partition.
    func position(of partition: Int) async throws -> Int64
}

/// Consecutive events of one partition.
public struct EventBatch: Sendable {
    public let epoch: Identifier
    public let partition: Int
    public let events: [Entry]
    /// Up to where events were passed over because the subscriber did not ask for them, by partition. All that it did ask for came before.
    public let passed: [Int: Int64]
    /// How far the log had got when its epoch began. A stream begins with a batch that says so, and holds no event.
    public let beginning: Int64?

    /// An event and its place in the log. An event that could not be read keeps its bytes, to be parked.
    public struct Entry: Sendable {
        public let sequence: Int64
        public let json: JSON
        public let record: EventRecord?

        /// No event, but a place up to which nothing is of interest.
        var isPassing: Bool { self.json.isNull }

        /// What even an event that could not be read may say of itself.
        var id: Identifier? { self.record?.id ?? self.json["id"]?.identifier }
        var type: String? { self.record?.type ?? self.json["type"]?.string }
        var organization: Identifier? { self.record?.organization ?? self.json["organization_id"]?.identifier }
        var aggregateType: String? { self.record?.aggregateType ?? self.json["aggregate_type"]?.string }
        var aggregate: Identifier? { self.record?.aggregateID ?? self.json["aggregate_id"]?.identifier }
    }

    public init?(_ json: JSON) {
        guard let epoch = json["epoch"]?.identifier, let partition = json["partition"]?.int64,
            let events = json["events"]?.array
        else { return nil }
        var entries: [Entry] = []
        for event in events {
            guard let sequence = event["sequence"]?.int64 else { return nil }
            entries.append(Entry(sequence: sequence, json: event, record: EventRecord(event)))
        }
        var passed: [Int: Int64] = [:]
        for place in json["passed"]?.array ?? [] {
            guard let partition = place["partition"]?.int64, let sequence = place["sequence"]?.int64 else { return nil }
            passed[Int(partition)] = sequence
        }
        self.passed = passed
        self.epoch = epoch
        self.partition = Int(partition)
        self.events = entries
        self.beginning = json["epoch_after"]?.int64
    }

    /// The body with which a consumer subscribes. Without `types` it gets every event.
    public static func subscription(consumer: String, positions: [Int: Int64], types: [String]?) -> [UInt8] {
        var body = JSONObject([("consumer", .string(consumer)), ("positions", self.places(positions))])
        if let types { body["types"] = .array(types.map(JSON.string)) }
        return JSON.object(body).bytes
    }

    static func places(_ positions: [Int: Int64]) -> JSON {
        .array(
            positions.sorted { $0.key < $1.key }.map { partition, sequence in
                ["partition": .int(Int64(partition)), "sequence": .int(sequence)]
            }
        )
    }
}
