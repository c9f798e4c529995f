internal import Contracts
internal import EventLog
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// Replicas of one service that read one producer's log.
@Suite(.serialized) struct LeaseTests {
    /// Which events a replica applied; more than the committed ones where it lost a race for the cursor.
    private final class Applied: Sendable {
        private let events = Mutex<[Identifier: Int]>([:])

        func note(_ event: ReceivedEvent) {
            self.events.withLock { $0[event.record.id] = EventLog.partition(of: event.record.organization) }
        }

        var ids: Set<Identifier> { self.events.withLock { Set($0.keys) } }
        var partitions: Set<Int> { self.events.withLock { Set($0.values) } }
    }

    private static func share(of consumer: EventConsumer) -> [Int] { consumer.states[0].partitions }

    private static let all = Array(0..<EventLog.partitionCount)

    /// An organization of each partition.
    private static let organizations: [Identifier] = {
        var found: [Int: Identifier] = [:]
        while found.count < EventLog.partitionCount {
            let organization = Identifier.random()
            found[EventLog.partition(of: organization)] = organization
        }
        return found.values.sorted { $0.description < $1.description }
    }()

    /// Publishes one event of every partition; answers their ids.
    private static func publishEverywhere(_ fixture: Fixture) async throws -> Set<Identifier> {
        var ids: Set<Identifier> = []
        for organization in self.organizations {
            let event = Fixture.event(of: organization)
            try await fixture.publish([event])
            ids.insert(event.id)
        }
        return ids
    }

    @Test func `One replica reads every partition, from its first claim on`() async throws {
        try await Fixture.run { fixture in
            let ids = try await Self.publishEverywhere(fixture)
            try await fixture.consuming(fixture.source()) { consumer in
                try await eventually("every effect") { try await fixture.effects().count == ids.count }
                #expect(Self.share(of: consumer) == Self.all)
                #expect(Set(try await fixture.effects()) == ids)
            }
        }
    }

    @Test func `Two replicas halve the partitions, and each applies its own half alone`() async throws {
        try await Fixture.run { fixture in
            let (one, two) = (Applied(), Applied())
            let source = fixture.source()
            try await fixture.consuming(source, as: "one", { one.note($0) }) { first in
                try await fixture.consuming(source, as: "two", { two.note($0) }) { second in
                    try await eventually("two halves") {
                        Self.share(of: first).count == 32 && Self.share(of: second).count == 32
                    }
                    #expect((Self.share(of: first) + Self.share(of: second)).sorted() == Self.all)
                    let ids = try await Self.publishEverywhere(fixture)
                    try await eventually("every effect") { try await fixture.effects().count >= ids.count }
                    #expect(try await fixture.effects().count == ids.count)
                    #expect(one.partitions == Set(Self.share(of: first)))
                    #expect(two.partitions == Set(Self.share(of: second)))
                    #expect(one.ids.union(two.ids) == ids)
                }
            }
        }
    }

    @Test func `Who waits learns of what another replica has applied`() async throws {
        try await Fixture.run { fixture in
            let source = fixture.source()
            try await fixture.consuming(source, as: "one") { first in
                try await fixture.consuming(source, as: "two") { second in
                    try await eventually("two halves") {
                        Self.share(of: first).count == 32 && Self.share(of: second).count == 32
                    }
                    for (count, organization) in Self.organizations.enumerated() {
                        try await fixture.publish([Fixture.event(of: organization)])
                        #expect(await first.catchUp(with: Fixture.service, for: organization, within: .seconds(10)))
                        #expect(try await fixture.effects().count == count + 1)
                    }
                }
            }
        }
    }

    @Test func `What a replica gives back is taken over before its lease would have ended`() async throws {
        try await Fixture.run { fixture in
            // Time stands still, so no lease can end.
            let clock = TestClock()
            let source = fixture.source()
            try await fixture.consuming(source, as: "one", clock: clock.wall) { first in
                try await fixture.consuming(source, as: "two", clock: clock.wall) { _ in
                    try await eventually("a half") { Self.share(of: first).count == 32 }
                }
                try await eventually("all partitions") { Self.share(of: first) == Self.all }
                let ids = try await Self.publishEverywhere(fixture)
                try await eventually("every effect") { try await fixture.effects().count == ids.count }
            }
            let leases = try await fixture.consumer.read(.system, "SELECT FROM event_lease")
            #expect(leases.isEmpty)
        }
    }

    @Test func `What a dead replica held is taken over when its lease ends, and not before`() async throws {
        try await Fixture.run { fixture in
            let clock = TestClock()
            let source = fixture.source()
            try await fixture.consuming(source, as: "one", clock: clock.wall) { first in
                try await fixture.consuming(source, as: "two", leaving: false, clock: clock.wall) { _ in
                    try await eventually("a half") { Self.share(of: first).count == 32 }
                }
                let ids = try await Self.publishEverywhere(fixture)
                try await eventually("half of the effects") { try await fixture.effects().count == ids.count / 2 }
                clock.advance(bySeconds: 9)
                try await eventually("a claim at that time") {
                    let rows = try await fixture.consumer.read(
                        .system,
                        "SELECT FROM event_lease WHERE replica = 'one' AND alive_until = $1",
                        [.instant(clock.now.advanced(bySeconds: 10))]
                    )
                    return !rows.isEmpty
                }
                #expect(Self.share(of: first).count == 32)
                clock.advance(bySeconds: 1)
                try await eventually("all partitions") { Self.share(of: first) == Self.all }
                try await eventually("every effect") { try await fixture.effects().count == ids.count }
                #expect(Set(try await fixture.effects()) == ids)
            }
        }
    }

    @Test func `A replica that is started again after a crash reads all that it read before`() async throws {
        try await Fixture.run { fixture in
            let clock = TestClock()
            let source = fixture.source()
            for _ in 0..<2 {
                try await fixture.consuming(source, as: "one", leaving: false, clock: clock.wall) { consumer in
                    try await eventually("a share") { !Self.share(of: consumer).isEmpty }
                    #expect(Self.share(of: consumer) == Self.all)
                }
            }
        }
    }

    @Test func `Nothing is lost, doubled or out of order while replicas come, leave and die`() async throws {
        try await Fixture.run { fixture in
            let clock = TestClock()
            let source = fixture.source()
            try await fixture.consuming(source, as: "one", clock: clock.wall) { first in
                var published: [Identifier: [Identifier]] = [:]
                for turn in 0..<6 {
                    let isLeaving = turn % 2 == 0
                    try await withThrowingTaskGroup(of: [EventRecord].self) { group in
                        group.addTask {
                            var events: [EventRecord] = []
                            for _ in 0..<4 {
                                for organization in Self.organizations.prefix(24) {
                                    let event = Fixture.event(of: organization)
                                    try await fixture.publish([event])
                                    events.append(event)
                                }
                            }
                            return events
                        }
                        try await fixture.consuming(source, as: "two", leaving: isLeaving, clock: clock.wall) { _ in
                            try await eventually("a half") { Self.share(of: first).count == 32 }
                        }
                        if !isLeaving { clock.advance(bySeconds: 10) }
                        try await eventually("all partitions") { Self.share(of: first) == Self.all }
                        for try await events in group {
                            for event in events { published[event.organization, default: []].append(event.id) }
                        }
                    }
                }
                let count = published.values.reduce(0) { $0 + $1.count }
                try await eventually("every effect") { try await fixture.effects().count >= count }
                let effects = try await fixture.consumer.read(
                    .system,
                    "SELECT organization_id, event_id FROM effect ORDER BY position"
                )
                var applied: [Identifier: [Identifier]] = [:]
                for index in 0..<effects.count {
                    applied[try effects[index].uuid("organization_id"), default: []]
                        .append(try effects[index].uuid("event_id"))
                }
                #expect(applied == published)
                #expect(try await fixture.parked().isEmpty)
            }
        }
    }
}
