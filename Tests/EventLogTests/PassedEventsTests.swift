internal import Contracts
internal import EventLog
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

/// Events in which a consumer has no interest cost it no transaction each.
@Suite struct PassedEventsTests {
    @Test func `Who waits does not wait for a cursor to be stored`() async throws {
        try await Fixture.run { fixture in
            let events = (0..<40).map { _ in Fixture.event(of: Identifier.random(), type: "thing.ignored") }
            try await fixture.consuming(fixture.source()) { consumer in
                for event in events { try await fixture.publish([event]) }
                for event in events {
                    let organization = event.organization
                    #expect(await consumer.catchUp(with: Fixture.service, for: organization, within: .seconds(10)))
                }
                try await eventually("every cursor is stored") { try await self.cursors(fixture) == self.log(fixture) }
            }
            #expect(try await fixture.effects().isEmpty)
        }
    }

    @Test func `Who leaves stores what it has passed over`() async throws {
        try await Fixture.run { fixture in
            try await fixture.consuming(fixture.source()) { consumer in
                try await fixture.publish(of: [Identifier.random()], type: "thing.ignored")
                #expect(await consumer.catchUp(with: Fixture.service, for: fixture.organization, within: .seconds(10)))
            }
            #expect(try await self.cursors(fixture) == self.log(fixture))
        }
    }

    @Test func `A cursor that is set back behind what was passed over has the log read again`() async throws {
        try await Fixture.run { fixture in
            let wanted = try await fixture.publish(of: [Identifier.random()])
            try await fixture.publish(of: [Identifier.random()], type: "thing.ignored")
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("everything is stored") { try await self.cursors(fixture) == self.log(fixture) }
                _ = try await fixture.consumer.transaction(.system) { transaction in
                    try transaction.queue("UPDATE event_cursor SET sequence = 0")
                }
                try await fixture.publish(of: [Identifier.random()], type: "thing.ignored")
                try await eventually("the effect anew") {
                    try await fixture.effects() == wanted.map(\.id) + wanted.map(\.id)
                }
            }
        }
    }

    /// Where the consumer stands, partition by partition.
    private func cursors(_ fixture: Fixture) async throws -> [Int64: Int64] {
        let rows = try await fixture.consumer.read(.system, "SELECT partition, sequence FROM event_cursor")
        return try self.positions(rows)
    }

    /// Where the producer's log ends.
    private func log(_ fixture: Fixture) async throws -> [Int64: Int64] {
        let rows = try await fixture.producer.read(
            .system,
            "SELECT partition, max(sequence) AS sequence FROM outbox_event GROUP BY partition"
        )
        return try self.positions(rows)
    }

    private func positions(_ rows: Rows) throws -> [Int64: Int64] {
        var positions: [Int64: Int64] = [:]
        for index in 0..<rows.count {
            positions[try rows[index].int("partition")] = try rows[index].int("sequence")
        }
        return positions
    }
}
