internal import Contracts
internal import EventLog
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// A producer that comes back from a backup: what it lost stays applied, what it makes anew is applied once.
@Suite(.serialized) struct EpochTests {
    private static func some(_ count: Int) -> [Identifier] { (0..<count).map { _ in Identifier.random() } }

    /// Waits until the effects are exactly those of these events.
    private static func expect(_ events: [EventRecord], in fixture: Fixture) async throws {
        try await eventually("\(events.count) effects") { try await fixture.effects().count >= events.count }
        // Whatever would come twice has come when something later has.
        let last = try await fixture.publish(of: [Identifier.random()])
        try await eventually("the last effect") { try await fixture.effects().last == last[0].id }
        #expect(try await fixture.effects() == events.map(\.id) + last.map(\.id))
    }

    @Test func `A producer that lost events which were applied goes on with others in their places`() async throws {
        try await Fixture.run { fixture in
            var before = try await fixture.publish(of: Self.some(6))
            try await fixture.backUp()
            before += try await fixture.publish(of: Self.some(4))
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("every effect") { try await fixture.effects().count == 10 }
            }
            try await fixture.restore()
            let after = try await fixture.publish(of: Self.some(3))
            // Fewer than the consumer has seen: none of the new ones is after its old position.
            try await fixture.consuming(fixture.source()) { _ in
                try await Self.expect(before + after, in: fixture)
            }
        }
    }

    @Test func `A consumer that was behind takes the rest of the old history first`() async throws {
        try await Fixture.run { fixture in
            let seen = try await fixture.publish(of: Self.some(4))
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("the first effects") { try await fixture.effects().count == 4 }
            }
            let unseen = try await fixture.publish(of: Self.some(4))
            try await fixture.backUp()
            try await fixture.publish(of: Self.some(2))
            try await fixture.restore()
            let after = try await fixture.publish(of: Self.some(2))
            try await fixture.consuming(fixture.source()) { _ in
                try await Self.expect(seen + unseen + after, in: fixture)
            }
        }
    }

    @Test func `What is written between the restore and the new epoch is not lost`() async throws {
        try await Fixture.run { fixture in
            var before = try await fixture.publish(of: Self.some(6))
            try await fixture.backUp()
            before += try await fixture.publish(of: Self.some(4))
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("every effect") { try await fixture.effects().count == 10 }
            }
            let late = Mutex<[EventRecord]>([])
            try await fixture.restore {
                let events = try await fixture.publish(of: Self.some(2))
                late.withLock { $0 = events }
            }
            // Delivered twice, as after a lost connection: still once each.
            try await fixture.consuming(fixture.source(repeating: 2)) { _ in
                try await Self.expect(before + late.withLock { $0 }, in: fixture)
            }
        }
    }

    @Test func `Where ids are not remembered, a consumer goes on exactly where the epoch began`() async throws {
        try await Fixture.run { fixture in
            var before = try await fixture.publish(of: Self.some(6))
            try await fixture.backUp()
            before += try await fixture.publish(of: Self.some(4))
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("every effect") { try await fixture.effects().count == 10 }
            }
            // As the migration leaves it of what was applied before.
            try await fixture.consumer.transaction(.system) { transaction in
                try transaction.queue("DELETE FROM event_applied")
                try transaction.queue("UPDATE event_cursor SET remembered_after = sequence")
            }
            try await fixture.restore()
            let after = try await fixture.publish(of: Self.some(3))
            try await fixture.consuming(fixture.source()) { _ in
                try await Self.expect(before + after, in: fixture)
            }
        }
    }

    @Test func `A producer may be restored again and again`() async throws {
        try await Fixture.run { fixture in
            var expected = try await fixture.publish(of: Self.some(2))
            try await fixture.backUp()
            for round in 0..<3 {
                expected += try await fixture.publish(of: Self.some(5))
                try await fixture.consuming(fixture.source()) { _ in
                    try await eventually("effects of round \(round)") {
                        try await fixture.effects().count == expected.count
                    }
                }
                try await fixture.restore()
            }
            try await fixture.consuming(fixture.source()) { _ in
                try await Self.expect(expected, in: fixture)
            }
        }
    }

    @Test func `An event that cannot be applied is parked though another was in its place`() async throws {
        try await Fixture.run { fixture in
            let bad = Mutex<Set<Identifier>>([])
            let refuse: @Sendable (ReceivedEvent) throws -> Void = { event in
                if bad.withLock({ $0.contains(event.record.id) }) { throw EventFault("never") }
            }
            try await fixture.publish(of: Self.some(2))
            try await fixture.backUp()
            let first = try await fixture.publish(of: Self.some(1))
            bad.withLock { $0 = [first[0].id] }
            try await fixture.consuming(fixture.source(), refuse) { _ in
                try await eventually("the first parked event") { try await fixture.parked().count == 1 }
            }
            try await fixture.restore()
            let second = try await fixture.publish(of: Self.some(1))
            bad.withLock { _ = $0.insert(second[0].id) }
            try await fixture.consuming(fixture.source(), refuse) { _ in
                try await eventually("the second parked event") { try await fixture.parked().count == 2 }
                #expect(Set(try await fixture.parked().map(\.event)) == [first[0].id, second[0].id])
            }
        }
    }

    @Test func `Ids are forgotten far behind, and what is forgotten is known`() async throws {
        try await Fixture.run { fixture in
            try await fixture.publish(of: Self.some(2))
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("the first effects") { try await fixture.effects().count == 2 }
            }
            try await fixture.producerClone.execute(
                "SELECT setval(pg_get_serial_sequence('outbox_event', 'sequence'), 300000)"
            )
            try await fixture.publish(of: Self.some(2))
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("every effect") { try await fixture.effects().count == 4 }
            }
            let rows = try await fixture.consumer.read(
                .system,
                """
                SELECT (SELECT min(sequence) FROM event_applied) AS oldest, remembered_after FROM event_cursor
                WHERE sequence > 0
                """
            )
            #expect(rows.count == 1)
            #expect(try rows[0].int("remembered_after") > 100_000)
            #expect(try rows[0].int("oldest") > rows[0].int("remembered_after"))
        }
    }
}
