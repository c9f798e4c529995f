internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Synchronization
internal import TestKit
internal import TimelineService
internal import Vocabulary

/// A timeline over a database of its own, and events to fill it with.
struct TimelineFixture: Sendable {
    let service: TestService
    let log: ActivityLog

    /// Runs `body` with a migrated database. More connections than usual, for tests that append side by side.
    static func run(_ body: (TimelineFixture) async throws -> Void) async throws {
        let log = ActivityLog()
        var configuration = TestServer.configuration
        configuration.transactionConnections = 4
        let router = { (persistence: Persistence) in timelineRouter(persistence, log) }
        try await TestService.run(
            Timeline.migrations,
            service: "timeline",
            configuration: configuration,
            router
        ) { service in
            try await body(TimelineFixture(service: service, log: log))
        }
    }

    func event(
        _ type: String = "deal.advanced",
        _ activity: Activity = .statusChanged,
        of organization: Identifier? = nil,
        entity: Identifier = Identifier.random(),
        engagement: Identifier? = nil,
        actor: Actor? = nil,
        correlation: Identifier = Identifier.random(),
        causation: Identifier = Identifier.random(),
        at occurredAt: Instant? = nil,
        payload: String = #"{"data":{"name":"Relaunch","amount_minor":120000}}"#
    ) -> EventRecord {
        EventRecord(
            id: Identifier.random(),
            organization: organization ?? self.service.organization,
            type: type,
            activity: activity,
            aggregateType: String(type.prefix { $0 != "." }),
            aggregateID: entity,
            aggregateVersion: 1,
            actor: actor ?? self.service.caller.actor,
            correlation: correlation,
            causation: causation,
            engagement: engagement,
            occurredAt: occurredAt ?? self.service.clock.now,
            payload: Array(payload.utf8)
        )
    }

    /// Takes events in as the consumer does: all of one organization, in one transaction.
    func record(_ events: [EventRecord], from producer: String = "crm") async throws {
        guard let first = events.first else { return }
        let received = ReceivedEvents(producer: producer, records: events, now: self.service.clock.now)
        try await self.service.database.transaction(.organization(first.organization)) { transaction in
            try self.log.append(received, in: transaction)(transaction)
        }
    }

    func record(count: Int, from producer: String = "crm") async throws {
        try await self.record((0..<count).map { _ in self.event() }, from: producer)
    }

    // MARK: - Asking

    func list(_ parameters: [String: String] = [:], as caller: Caller? = nil) async throws -> JSON {
        try await self.service.json("timeline.activity.list/1", parameters, as: caller)
    }

    func proof(_ parameters: [String: String] = [:]) async throws -> JSON {
        try await self.service.json("timeline.activity.proof/1", parameters)
    }

    func feed(after: Int64, limit: Int = 100, as caller: Caller? = nil) async throws -> JSON {
        try await self.service.json("timeline.events.list/1", ["after": "\(after)", "limit": "\(limit)"], as: caller)
    }
}

extension JSON {
    /// A member of each object in `data`.
    func data(_ name: String) -> [JSON] { self["data"]?.array?.map { $0[name] ?? .null } ?? [] }
    var sequences: [Int64] { self.data("seq").compactMap(\.int64) }
}

/// Collects a stream's items and tells who waits for them.
final class CollectingSink: ItemSink {
    private struct State {
        var items: [JSON] = []
        var waiter: (count: Int, continuation: CheckedContinuation<Void, Never>)?
    }

    private let state = Mutex(State())

    var items: [JSON] { self.state.withLock { $0.items } }

    func send(_ item: [UInt8]) async throws {
        let json = try JSON(parsing: item)
        let woken: CheckedContinuation<Void, Never>? = self.state.withLock { state in
            state.items.append(json)
            guard let waiter = state.waiter, state.items.count >= waiter.count else { return nil }
            state.waiter = nil
            return waiter.continuation
        }
        woken?.resume()
    }

    /// Returns once there are so many.
    func wait(for count: Int) async {
        await withCheckedContinuation { continuation in
            let isThere = self.state.withLock { state in
                guard state.items.count < count else { return true }
                state.waiter = (count, continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}
