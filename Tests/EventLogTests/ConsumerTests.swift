internal import Contracts
internal import EventLog
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite(.serialized) struct ConsumerTests {
    @Test func `What is delivered three times happens once, in the producer's order`() async throws {
        try await Fixture.run { fixture in
            let events = try await fixture.publish(of: (0..<250).map { _ in Identifier.random() })
            try await fixture.consuming(fixture.source(repeating: 3)) { _ in
                try await eventually("every effect") { try await fixture.effects().count >= events.count }
                let more = try await fixture.publish(of: [Identifier.random()])
                try await eventually("one more effect") { try await fixture.effects().count > events.count }
                #expect(try await fixture.effects() == events.map(\.id) + more.map(\.id))
            }
        }
    }

    @Test func `A consumer goes on where another ended`() async throws {
        try await Fixture.run { fixture in
            let first = try await fixture.publish(of: [Identifier.random()])
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("the first effect") { try await fixture.effects().count == 1 }
            }
            let second = try await fixture.publish(of: [Identifier.random()])
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("the second effect") { try await fixture.effects().count == 2 }
            }
            #expect(try await fixture.effects() == first.map(\.id) + second.map(\.id))
        }
    }

    @Test func `An effect that fails half way leaves nothing, and is tried again`() async throws {
        try await Fixture.run { fixture in
            let events = try await fixture.publish(of: (0..<5).map { _ in Identifier.random() })
            let attempts = Attempts()
            try await fixture.consuming(
                fixture.source(),
                { event in if attempts.count(event.record.id) == 1, event.record.id == events[3].id { throw Refusal() }
                }
            ) { _ in
                try await eventually("every effect") { try await fixture.effects().count == 5 }
                #expect(try await fixture.effects() == events.map(\.id))
                #expect(try await fixture.parked().isEmpty)
            }
        }
    }

    @Test func `What fails five times is parked and blocks its own object alone`() async throws {
        try await Fixture.run { fixture in
            let (bad, good) = (Identifier.random(), Identifier.random())
            let events = try await fixture.publish(of: [good, bad, good, bad, good])
            let attempts = Attempts()
            try await fixture.consuming(
                fixture.source(),
                { event in
                    _ = attempts.count(event.record.id)
                    if event.record.id == events[1].id { throw Refusal() }
                }
            ) { _ in
                try await eventually("the last effect") { try await fixture.effects().last == events[4].id }
                #expect(try await fixture.effects() == [events[0].id, events[2].id, events[4].id])
                let parked = try await fixture.parked()
                #expect(parked.map(\.state) == ["parked", "blocked"])
                #expect(parked.map(\.event) == [events[1].id, events[3].id])
                #expect(parked[0].attempts == Int64(EventConsumer.attemptsMax))
                // Once with the others of its transaction, then by itself.
                #expect(attempts.of(events[1].id) == EventConsumer.attemptsMax + 1)
                #expect(attempts.of(events[3].id) == 0)
            }
        }
    }

    @Test func `Who waits sees what was committed before`() async throws {
        try await Fixture.run { fixture in
            try await fixture.consuming(fixture.source()) { consumer in
                for count in 1...20 {
                    try await fixture.publish(of: [Identifier.random()])
                    #expect(
                        await consumer.catchUp(with: Fixture.service, for: fixture.organization, within: .seconds(10))
                    )
                    #expect(try await fixture.effects().count == count)
                }
                #expect(
                    await consumer.catchUp(with: "nobody", for: fixture.organization, within: .milliseconds(10))
                        == false
                )
            }
        }
    }

    @Test func `Events of no interest hold nothing up`() async throws {
        try await Fixture.run { fixture in
            try await fixture.publish(of: (0..<300).map { _ in Identifier.random() }, type: "thing.ignored")
            let wanted = try await fixture.publish(of: [Identifier.random()])
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("the effect") { try await fixture.effects() == wanted.map(\.id) }
            }
        }
    }

    @Test func `A cursor that is set back while its consumer runs has the log read again`() async throws {
        try await Fixture.run { fixture in
            let first = try await fixture.publish(of: [Identifier.random(), Identifier.random()])
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("both effects") { try await fixture.effects().count == 2 }
                _ = try await fixture.consumer.transaction(.system) { transaction in
                    try transaction.queue("UPDATE event_cursor SET sequence = 0")
                }
                let second = try await fixture.publish(of: [Identifier.random()])
                try await eventually("all effects anew") { try await fixture.effects().count == 5 }
                #expect(try await fixture.effects().suffix(3) == first.map(\.id) + second.map(\.id))
            }
        }
    }

    @Test func `The lag is the age of what waits, and none where nothing does`() async throws {
        try await Fixture.run { fixture in
            // A clock that is ahead makes an event a minute old when it arrives.
            let clock = WallClock { Instant.system().advanced(bySeconds: 60) }
            let isAway = Mutex(true)
            let away: @Sendable (ReceivedEvent) throws -> Void = { _ in
                if isAway.withLock({ $0 }) { throw SQLFault(.connection, "the database is away") }
            }
            try await fixture.publish(of: [Identifier.random()])
            try await fixture.consuming(fixture.source(), clock: clock, away) { consumer in
                try await eventually("a lag") { consumer.states[0].lagSeconds >= 60 }
                isAway.withLock { $0 = false }
                try await eventually("the effect") { try await fixture.effects().count == 1 }
                try await eventually("no lag") { consumer.states[0].lagSeconds == 0 }
                #expect(consumer.states[0].isConnected)
            }
        }
    }
}
