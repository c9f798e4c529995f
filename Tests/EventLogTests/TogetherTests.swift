internal import Contracts
internal import EventLog
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// Events of several organizations that share a transaction.
@Suite(.serialized) struct TogetherTests {
    /// Twenty organizations, of several partitions.
    private static let organizations = (0..<20).map { _ in Identifier.random() }

    /// Publishes `count` events of every organization, in turn; answers them.
    private static func publish(
        _ count: Int,
        _ fixture: Fixture,
        type: String = "thing.made"
    ) async throws -> [EventRecord] {
        var all: [EventRecord] = []
        for _ in 0..<count {
            for organization in self.organizations {
                all.append(Fixture.event(of: organization, type: type))
                try await fixture.publish([all[all.count - 1]])
            }
        }
        return all
    }

    private static func byOrganization(_ events: [EventRecord]) -> [Identifier: [Identifier]] {
        Dictionary(grouping: events, by: \.organization).mapValues { $0.map(\.id) }
    }

    /// The ids of the events whose effects are there by organization, in their order, and in how many transactions they were written.
    private static func effects(
        _ fixture: Fixture
    ) async throws -> (byOrganization: [Identifier: [Identifier]], transactions: Int) {
        let rows = try await fixture.consumer.read(
            .system,
            "SELECT organization_id, event_id, scope, xmin::text AS transaction FROM effect ORDER BY position"
        )
        var found: [Identifier: [Identifier]] = [:]
        var transactions: Set<String> = []
        for row in rows {
            let organization = try row.uuid("organization_id")
            // Each was written as its own organization, by the server's word.
            #expect(try row.uuid("scope") == organization)
            found[organization, default: []].append(try row.uuid("event_id"))
            transactions.insert(try row.text("transaction"))
        }
        return (found, transactions.count)
    }

    private static func expect(_ events: [EventRecord], in fixture: Fixture) async throws {
        try await eventually("\(events.count) effects") { try await fixture.effects().count >= events.count }
        #expect(try await self.effects(fixture).byOrganization == self.byOrganization(events))
    }

    @Test func `What waits of many organizations is applied together, in each one's order and scope`() async throws {
        try await Fixture.run { fixture in
            let events = try await Self.publish(5, fixture)
            try await fixture.consumingTogether(fixture.source(repeating: 2)) { _ in
                try await Self.expect(events, in: fixture)
            }
            #expect(try await Self.effects(fixture).transactions < Self.organizations.count)
        }
    }

    @Test func `A bad event among those of others is parked alone, and blocks its own object`() async throws {
        try await Fixture.run { fixture in
            var events = try await Self.publish(3, fixture)
            let bad = events[27]
            let later = Fixture.event(of: bad.organization, aggregate: bad.aggregateID)
            try await fixture.publish([later])
            // The same object of somebody else is another object.
            let namesake = Fixture.event(of: events[28].organization, aggregate: bad.aggregateID)
            try await fixture.publish([namesake])
            let attempts = Attempts()
            try await fixture.consumingTogether(
                fixture.source(),
                { record in
                    _ = attempts.count(record.id)
                    if record.id == bad.id { throw Refusal() }
                }
            ) { _ in
                events.removeAll { $0.id == bad.id }
                try await Self.expect(events + [namesake], in: fixture)
                try await eventually("both are set aside") { try await fixture.parked().count == 2 }
                #expect(try await fixture.parked().map(\.state) == ["parked", "blocked"])
                #expect(try await fixture.parked().map(\.event) == [bad.id, later.id])
                #expect(try await fixture.parked()[0].attempts == Int64(EventConsumer.attemptsMax))
                #expect(attempts.of(bad.id) >= EventConsumer.attemptsMax + 1)
                #expect(attempts.of(later.id) == 0)
                // What comes now goes together again, and past what is blocked.
                let before = try await Self.effects(fixture).transactions
                let more = try await Self.publish(1, fixture)
                try await Self.expect(events + [namesake] + more, in: fixture)
                #expect(try await Self.effects(fixture).transactions > before)
                let blocked = Fixture.event(of: bad.organization, aggregate: bad.aggregateID)
                try await fixture.publish([blocked])
                try await eventually("it is blocked too") { try await fixture.parked().last?.event == blocked.id }
                #expect(attempts.of(blocked.id) == 0)
            }
        }
    }

    @Test func `What fails together leaves nothing of anybody, and is done apart`() async throws {
        try await Fixture.run { fixture in
            let events = try await Self.publish(2, fixture)
            let failures = Mutex(0)
            try await fixture.consumingTogether(
                fixture.source(),
                { record in
                    guard record.id == events[events.count - 1].id, failures.withLock({ $0 }) == 0 else { return }
                    failures.withLock { $0 += 1 }
                    throw Refusal()
                }
            ) { _ in
                try await Self.expect(events, in: fixture)
                #expect(failures.withLock { $0 } == 1)
                #expect(try await fixture.parked().isEmpty)
            }
        }
    }

    @Test func `An event that goes alone keeps its place among those that go together`() async throws {
        try await Fixture.run { fixture in
            var events: [EventRecord] = []
            for round in 0..<6 {
                events += try await Self.publish(1, fixture, type: round % 3 == 1 ? "thing.made_alone" : "thing.made")
            }
            try await fixture.consumingTogether(fixture.source()) { _ in try await Self.expect(events, in: fixture) }
        }
    }

    @Test func `An event that cannot be read is parked, and those around it are applied`() async throws {
        try await Fixture.run { fixture in
            var events = try await Self.publish(2, fixture)
            let bad = events.remove(at: 11)
            let source = fixture.source { $0.replacing("\"id\":\"\(bad.id)\"", with: "\"event_id\":\"\(bad.id)\"") }
            try await fixture.consumingTogether(source) { _ in
                try await Self.expect(events, in: fixture)
                try await eventually("it is parked") {
                    try await ParkedCounts.read(fixture.consumer, deadline: nil) == [1, 0]
                }
            }
        }
    }

    /// Each takes the other for dead, as their clocks say, so both are sent everything.
    @Test func `Two replicas that read the same apply it once`() async throws {
        try await Fixture.run { fixture in
            let source = fixture.source()
            let ahead = WallClock { Instant.system().advanced(bySeconds: 3_600) }
            try await fixture.consumingTogether(source, as: "one") { first in
                try await fixture.consumingTogether(source, as: "two", clock: ahead) { second in
                    try await eventually("both read") {
                        !first.states[0].partitions.isEmpty && !second.states[0].partitions.isEmpty
                    }
                    let events = try await Self.publish(8, fixture)
                    try await Self.expect(events, in: fixture)
                }
            }
            #expect(try await fixture.parked().isEmpty)
        }
    }

    @Test func `Events of another epoch are recognised among those of others`() async throws {
        try await Fixture.run { fixture in
            var events = try await Self.publish(2, fixture)
            try await fixture.backUp()
            events += try await Self.publish(1, fixture)
            try await fixture.consumingTogether(fixture.source()) { _ in try await Self.expect(events, in: fixture) }
            let late = Mutex<[EventRecord]>([])
            try await fixture.restore {
                let written = try await Self.publish(1, fixture)
                late.withLock { $0 = written }
            }
            events += late.withLock { $0 }
            events += try await Self.publish(1, fixture)
            try await fixture.consumingTogether(fixture.source(repeating: 2)) { _ in
                try await Self.expect(events, in: fixture)
            }
        }
    }

    @Test func `A cursor that is set back has its partition read again, and no other`() async throws {
        try await Fixture.run { fixture in
            let events = try await Self.publish(2, fixture)
            try await fixture.consumingTogether(fixture.source()) { _ in
                try await Self.expect(events, in: fixture)
                let organization = Self.organizations[0]
                let partition = EventLog.partition(of: organization)
                try await fixture.consumer.transaction(.system) { transaction in
                    try transaction.queue(
                        "UPDATE event_cursor SET sequence = 0 WHERE partition = $1",
                        [.int(Int64(partition))]
                    )
                }
                let more = try await Self.publish(1, fixture)
                let again = events.filter { EventLog.partition(of: $0.organization) == partition }
                try await Self.expect(events + again + more, in: fixture)
            }
        }
    }
}
