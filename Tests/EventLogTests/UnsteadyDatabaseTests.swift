internal import Contracts
internal import EventLog
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// What a consumer does while its own database is slow, or partly away.
@Suite struct UnsteadyDatabaseTests {
    /// When transactions on the consumer's database failed.
    private final class Failures: Sendable {
        private let instants = Mutex<[ContinuousClock.Instant]>([])

        var configuration: DatabaseConfiguration {
            var configuration = TestServer.configuration
            configuration.observe = { ended in
                guard ended.kind == .transaction, ended.outcome == .failed else { return }
                self.instants.withLock { $0.append(ContinuousClock.now) }
            }
            return configuration
        }

        var count: Int { self.instants.withLock { $0.count } }

        func forget() { self.instants.withLock { $0.removeAll() } }

        /// The times between one failure and the next.
        var gaps: [Duration] {
            self.instants.withLock { instants in zip(instants, instants.dropFirst()).map { $1 - $0 } }
        }
    }

    @Test func `A slow database parks nothing: what it could not do in time is done when it can`() async throws {
        let failures = Failures()
        var configuration = failures.configuration
        configuration.statementTimeoutMilliseconds = 100
        try await Fixture.run(consumer: configuration) { fixture in
            // A row in `slowness` makes every effect last longer than a statement may.
            try await fixture.consumerClone.execute(
                """
                CREATE TABLE slowness (seconds int NOT NULL);
                INSERT INTO slowness VALUES (10);
                CREATE FUNCTION be_slow() RETURNS trigger SECURITY DEFINER LANGUAGE plpgsql AS
                    'BEGIN PERFORM pg_sleep(seconds) FROM slowness; RETURN NEW; END';
                CREATE TRIGGER slow BEFORE INSERT ON effect FOR EACH ROW EXECUTE FUNCTION be_slow();
                """
            )
            let events = try await fixture.publish(of: [Identifier.random(), Identifier.random()])
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("more failures than a bad event may have", within: .seconds(30)) {
                    failures.count > EventConsumer.attemptsMax
                }
                #expect(try await fixture.effects().isEmpty)
                try await fixture.consumerClone.execute("DELETE FROM slowness")
                try await eventually("the effects", within: .seconds(30)) { try await fixture.effects().count == 2 }
                #expect(try await fixture.effects() == events.map(\.id))
                #expect(try await fixture.parked().isEmpty)
            }
        }
    }

    @Test func `A replica that cannot claim waits between its tries, though another's lease is about to end`()
        async throws
    {
        let failures = Failures()
        try await Fixture.run(consumer: failures.configuration) { fixture in
            let clock = TestClock()
            let source = fixture.source()
            try await fixture.consuming(source, as: "one", clock: clock.wall) { first in
                try await fixture.consuming(source, as: "two", leaving: false, clock: clock.wall) { _ in
                    try await eventually("a half") { first.states[0].partitions.count == 32 }
                }
                // The dead one's lease ends a thousandth of a second from now, which is how long the pause to the next claim is.
                clock.set(to: clock.now.adding(microseconds: 9_999_000))
                try await eventually("a claim at that time") {
                    let rows = try await fixture.consumer.read(
                        .system,
                        "SELECT FROM event_lease WHERE replica = 'one' AND alive_until = $1",
                        [.instant(clock.now.advanced(bySeconds: 10))]
                    )
                    return !rows.isEmpty
                }
                failures.forget()
                try await fixture.consumerClone.execute("ALTER TABLE event_lease RENAME TO event_lease_away")
                try await eventually("failed claims") { failures.count >= 6 }
                #expect(failures.gaps.allSatisfy { $0 >= Fixture.renewing }, "\(failures.gaps)")
                try await fixture.consumerClone.execute("ALTER TABLE event_lease_away RENAME TO event_lease")
                clock.advance(bySeconds: 1)
                try await eventually("all partitions") { first.states[0].partitions.count == EventLog.partitionCount }
            }
        }
    }
}
