internal import Contracts
public import EventLog
public import Wire

/// Another service's event log, read over Wire.
public struct WireEventSource: EventSource {
    public let producer: String
    private let client: WireClient

    public init(producer: String, client: WireClient) {
        self.producer = producer
        self.client = client
    }

    public func subscribe(
        consumer: String,
        after positions: [Int: Int64],
        of types: [String]?,
        _ receive: @escaping @Sendable (EventBatch) async throws -> Void
    ) async throws {
        do {
            try await self.read(
                EventBatch.subscription(consumer: consumer, positions: positions, types: types),
                receive
            )
        } catch WireFailure.refused(let end) where types != nil && end.status == Fault.Code.validationFailed.rawValue {
            // A producer of a build that knows no types sends every event.
            try await self.read(EventBatch.subscription(consumer: consumer, positions: positions, types: nil), receive)
        }
    }

    private func read(
        _ subscription: [UInt8],
        _ receive: @escaping @Sendable (EventBatch) async throws -> Void
    ) async throws {
        let head = CallHead(operation: EventFeed.subscribe(to: self.producer).wireName)
        for try await item in self.client.stream(head, body: subscription) {
            guard let batch = EventBatch(try JSON(parsing: item, depthMax: JSONLimits.depthCeiling)) else {
                throw EventFault("\(self.producer) sent no event batch")
            }
            try await receive(batch)
        }
    }

    public func position(of partition: Int) async throws -> Int64 {
        let head = CallHead(operation: EventFeed.position(of: self.producer).wireName, deadlineMilliseconds: 1_000)
        let reply = try await self.client.call(
            head,
            body: JSON.object(["partition": .int(Int64(partition))]).bytes,
            idempotent: true
        )
        guard reply.isOK, let sequence = try JSON(parsing: reply.body)["sequence"]?.int64 else {
            throw EventFault("\(self.producer) did not say how far its log has got: \(reply.status)")
        }
        return sequence
    }
}
