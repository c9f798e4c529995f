internal import Contracts
internal import EventLog
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// A subscriber that names the types it wants is spared the others, and its cursors move on all the same.
@Suite(.serialized) struct TypesTests {
    /// What came to a subscriber.
    private final class Seen: Sendable {
        private let batches = Mutex<[EventBatch]>([])

        func note(_ batch: EventBatch) { self.batches.withLock { $0.append(batch) } }

        var types: Set<String> {
            self.batches.withLock { Set($0.flatMap { $0.events.compactMap { $0.record?.type } }) }
        }
        var passedCount: Int { self.batches.withLock { $0.count { !$0.passed.isEmpty } } }
    }

    private static func some(_ count: Int) -> [Identifier] { (0..<count).map { _ in Identifier.random() } }

    private static func source(_ fixture: Fixture, _ seen: Seen, knowsTypes: Bool = true) -> FeedSource {
        var source = fixture.source()
        source.knowsTypes = knowsTypes
        source.observe = { seen.note($0) }
        return source
    }

    /// Where the consumer stands, and where the log ends.
    private static func ends(_ fixture: Fixture) async throws -> (cursor: Int64, log: Int64) {
        let cursor = try await fixture.consumer.read(.system, "SELECT max(sequence) AS n FROM event_cursor")
        let log = try await fixture.producer.read(.system, "SELECT max(sequence) AS n FROM outbox_event")
        return (try cursor[0].intOrNil("n") ?? 0, try log[0].int("n"))
    }

    /// Before a consumer comes its producer reads the log for it; what is written then is kept for all.
    @Test(arguments: [true, false])
    func `What a consumer has an effect for is sent and nothing else, whoever the producer is`(
        _ knowsTypes: Bool
    )
        async throws
    {
        try await Fixture.run { fixture in
            let seen = Seen()
            var wanted: [EventRecord] = []
            for _ in 0..<3 {
                try await fixture.publish(of: Self.some(120), type: "thing.ignored")
                wanted += try await fixture.publish(of: Self.some(2))
            }
            try await fixture.consuming(Self.source(fixture, seen, knowsTypes: knowsTypes)) { consumer in
                try await eventually("what was there") { try await fixture.effects() == wanted.map(\.id) }
                for _ in 0..<5 {
                    try await fixture.publish(of: Self.some(3), type: "thing.ignored")
                    wanted += try await fixture.publish(of: Self.some(1))
                    try await fixture.publish(of: Self.some(1), type: "thing.ignored")
                    #expect(
                        await consumer.catchUp(with: Fixture.service, for: fixture.organization, within: .seconds(10))
                    )
                    #expect(try await fixture.effects() == wanted.map(\.id))
                }
                try await eventually("the cursor is at the log's end") {
                    let ends = try await Self.ends(fixture)
                    return ends.cursor == ends.log
                }
            }
            #expect(seen.types == (knowsTypes ? ["thing.made"] : ["thing.made", "thing.ignored"]))
            #expect((seen.passedCount > 0) == knowsTypes)
        }
    }

    @Test func `Who wants everything is told of nothing that was passed over`() async throws {
        try await Fixture.run { fixture in
            let seen = Seen()
            let events = try await fixture.publish(of: Self.some(5))
            let more = try await fixture.publish(of: Self.some(5), type: "thing.other")
            try await fixture.consumingTogether(Self.source(fixture, seen)) { _ in
                try await eventually("every effect") {
                    try await fixture.effects() == events.map(\.id) + more.map(\.id)
                }
            }
            #expect(seen.types == ["thing.made", "thing.other"])
            #expect(seen.passedCount == 0)
        }
    }

    @Test func `What was passed over is told of now and then, not for each event`() async throws {
        try await Fixture.run { fixture in
            let seen = Seen()
            try await fixture.consuming(Self.source(fixture, seen)) { consumer in
                let began = ContinuousClock.now
                for _ in 0..<300 { try await fixture.publish(of: Self.some(1), type: "thing.ignored") }
                #expect(await consumer.catchUp(with: Fixture.service, for: fixture.organization, within: .seconds(10)))
                let intervals = Int((ContinuousClock.now - began) / Duration.milliseconds(20))
                #expect(seen.passedCount <= intervals + 2)
            }
            #expect(seen.types.isEmpty)
        }
    }

    @Test func `A consumer that follows several organizations of one partition loses none among what it is spared`()
        async throws
    {
        try await Fixture.run { fixture in
            let organizations = (0..<40).map { _ in Identifier.random() }
            var wanted: Set<Identifier> = []
            try await fixture.consuming(fixture.source()) { _ in
                for round in 0..<4 {
                    for (number, organization) in organizations.enumerated() {
                        let isWanted = (number + round) % 5 == 0
                        let event = Fixture.event(of: organization, type: isWanted ? "thing.made" : "thing.ignored")
                        try await fixture.publish([event])
                        if isWanted { wanted.insert(event.id) }
                    }
                }
                try await eventually("every effect") { try await fixture.effects().count >= wanted.count }
            }
            let effects = try await fixture.effects()
            #expect(effects.count == wanted.count)
            #expect(Set(effects) == wanted)
        }
    }
}
