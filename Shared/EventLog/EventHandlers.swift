public import Contracts
public import Postgres
public import Vocabulary

/// What a consumer does with an event: its effect, in the transaction that also moves the cursor. It answers the events that it
/// causes, which are written last. It must not call out: what reaches the outside is a task row.
public typealias EventEffect = @Sendable (ReceivedEvent, borrowing Transaction) throws -> [EventRecord]

/// As `EventEffect`, for all events of an organization in a transaction at once, in their order. It causes none, which is why one
/// transaction may hold those of several organizations: only what writes events takes a ticket.
///
/// It asks for what it needs to know, taking every lock that it needs, and answers what it then does: what all organizations ask
/// shares a round trip.
public typealias EventBatchEffect =
    @Sendable (ReceivedEvents, borrowing Transaction) throws -> EventBatchConclusion

/// The second half of an `EventBatchEffect`, in the same transaction.
public typealias EventBatchConclusion = (borrowing Transaction) throws -> Void

/// A consumer's effects by event type.
public struct EventHandlers: Sendable {
    private var byType: [String: EventEffect] = [:]
    private var ofEvery: EventBatchEffect?

    public init() {}

    public mutating func on(_ type: String, _ effect: @escaping EventEffect) {
        precondition(self.byType[type] == nil, "\(type) has an effect already")
        self.byType[type] = effect
    }

    /// For a consumer of everything, such as the timeline. Events whose type has an effect of its own are not among them.
    public mutating func onEvery(_ effect: @escaping EventBatchEffect) { self.ofEvery = effect }

    /// The types that have an effect here, in order; `nil` where every event has one.
    var types: [String]? { self.ofEvery == nil ? self.byType.keys.sorted() : nil }

    func isInterested(in type: String) -> Bool { self.byType[type] != nil || self.ofEvery != nil }

    /// What is done with an event of this type where it comes alone; `nil` where it is of no interest.
    public func effect(on type: String) -> EventEffect? {
        if let effect = self.byType[type] { return effect }
        guard let ofEvery = self.ofEvery else { return nil }
        return { event, transaction in
            let events = ReceivedEvents(producer: event.producer, records: [event.record], now: event.now)
            try ofEvery(events, transaction)(transaction)
            return []
        }
    }

    /// The effect that takes events of this type many at a time.
    func batchEffect(on type: String) -> EventBatchEffect? { self.byType[type] == nil ? self.ofEvery : nil }
}

/// Events of one producer and one organization, in the order of its log.
public struct ReceivedEvents: Sendable {
    public let producer: String
    public let records: [EventRecord]
    /// The machine's time, whatever the organization's is.
    public let now: Instant

    public init(producer: String, records: [EventRecord], now: Instant) {
        self.producer = producer
        self.records = records
        self.now = now
    }
}

/// An event as its consumer sees it.
public struct ReceivedEvent: Sendable {
    public let producer: String
    public let record: EventRecord
    public let payload: JSON
    /// The time of what is done with it: not before the event itself, which a sandbox whose clock is ahead has dated.
    public let now: Instant

    /// - Parameter now: the machine's time, or the organization's.
    public init(producer: String, record: EventRecord, payload: JSON, now: Instant) {
        self.producer = producer
        self.record = record
        self.payload = payload
        self.now = max(now, record.occurredAt)
    }

    public var organization: Identifier { self.record.organization }

    /// The object that the event is about, as its owner's API shows it.
    public var data: JSON { self.payload["data"] ?? .object([:]) }

    /// For a required member of `data`: its absence is a deterministic failure, and the event is parked.
    public func text(_ name: String) throws(EventFault) -> String {
        guard let value = self.data[name]?.string else { throw EventFault("data.\(name) is missing or no string") }
        return value
    }

    public func integer(_ name: String) throws(EventFault) -> Int64 {
        guard let value = self.data[name]?.int64 else { throw EventFault("data.\(name) is missing or no integer") }
        return value
    }

    public func identifier(_ name: String) throws(EventFault) -> Identifier {
        guard let value = self.data[name]?.identifier else { throw EventFault("data.\(name) is missing or no id") }
        return value
    }
}

/// An event that its consumer cannot understand. Deterministic: trying again does not help.
public struct EventFault: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
