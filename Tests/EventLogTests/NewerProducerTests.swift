internal import Contracts
internal import EventLog
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// A consumer loses nothing that a producer of a later build has written.
@Suite(.serialized) struct NewerProducerTests {
    @Test func `Words that a consumer does not know reach it as they were said`() async throws {
        try await Fixture.run { fixture in
            var event = Fixture.event(of: fixture.organization)
            event.activity = Activity(rawValue: "celebrated")
            event.actor.kind = Actor.Kind(rawValue: "robot")
            try await fixture.publish([event])
            let seen = Mutex<[EventRecord]>([])
            try await fixture.consuming(
                fixture.source(),
                { received in seen.withLock { $0.append(received.record) } }
            ) { _ in
                try await eventually("the effect") { try await fixture.effects() == [event.id] }
                #expect(seen.withLock { $0 } == [event])
                #expect(try await fixture.parked().isEmpty)
            }
        }
    }

    private static func parked(
        _ fixture: Fixture
    ) async throws -> [(organization: Identifier, type: String, event: JSON)] {
        let rows = try await fixture.consumer.read(
            .system,
            "SELECT organization_id, type, event FROM parked_event WHERE state = 'parked' ORDER BY sequence"
        )
        return try (0..<rows.count).map {
            (
                try rows[$0].uuid("organization_id"), try rows[$0].text("type"),
                try JSON(parsing: try rows[$0].bytes("event"))
            )
        }
    }

    @Test func `What cannot be read is parked as it came, and blocks its own object alone`() async throws {
        try await Fixture.run { fixture in
            let (bad, good) = (Identifier.random(), Identifier.random())
            let events = try await fixture.publish(of: [good, bad, bad, good])
            let source = fixture.source { item in
                let head =
                    "\"id\":\"\(events[1].id)\",\"organization_id\":\"\(fixture.organization)\",\"type\":\"thing.made\""
                return item.replacing(
                    "\(head),\"schema_version\":1",
                    with: "\(head),\"schema_version\":\"two\",\"tenant\":\"new\""
                )
            }
            try await fixture.consuming(source) { _ in
                try await eventually("the last effect") { try await fixture.effects().last == events[3].id }
                #expect(try await fixture.effects() == [events[0].id, events[3].id])
                #expect(try await fixture.parked().map(\.state) == ["parked", "blocked"])
                #expect(try await fixture.parked().map(\.event) == [events[1].id, events[2].id])
                let parked = try #require(try await Self.parked(fixture).first)
                #expect(parked.organization == fixture.organization)
                #expect(parked.type == "thing.made")
                #expect(parked.event["tenant"] == "new")
                #expect(parked.event["payload"] == ["data": [:]])
            }
        }
    }

    @Test func `What does not say whose it is is kept for nobody, and counted`() async throws {
        try await Fixture.run { fixture in
            let events = try await fixture.publish(of: [Identifier.random(), Identifier.random()])
            let source = fixture.source { item in
                item.replacing(
                    "\"id\":\"\(events[0].id)\",\"organization_id\":\"\(fixture.organization)\"",
                    with: "\"event_id\":\"\(events[0].id)\",\"tenant\":7"
                )
            }
            try await fixture.consuming(source) { _ in
                try await eventually("the other effect") { try await fixture.effects() == [events[1].id] }
                let parked = try await Self.parked(fixture)
                #expect(parked.map(\.organization) == [Identifier(high: 0, low: 0)])
                #expect(parked.first?.event["tenant"] == 7)
                #expect(parked.first?.event["event_id"] == .string(events[0].id.description))
                #expect(try await ParkedCounts.read(fixture.consumer, deadline: nil) == [1, 0])
            }
        }
    }

    @Test func `What cannot be read and is of no interest is passed over`() async throws {
        try await Fixture.run { fixture in
            let ignored = try await fixture.publish(of: [Identifier.random()], type: "thing.ignored")
            let wanted = try await fixture.publish(of: [Identifier.random()])
            let source = fixture.source { item in
                item.replacing("\"id\":\"\(ignored[0].id)\"", with: "\"event_id\":\"\(ignored[0].id)\"")
            }
            try await fixture.consuming(source) { _ in
                try await eventually("the effect") { try await fixture.effects() == wanted.map(\.id) }
                #expect(try await Self.parked(fixture).isEmpty)
            }
        }
    }
}
