internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import EventLog

/// What is kept of the log for all who follow it.
@Suite struct EventTailTests {
    private func ids(_ entries: [EventTail.Entry]?) throws -> [Identifier]? {
        try entries?.map { try #require(try JSON(parsing: $0.json)["id"]?.identifier) }
    }

    @Test func `It begins at the end of the log: who needs what is before reads it himself`() async throws {
        try await Fixture.run { fixture in
            let tail = EventTail(database: fixture.producer, log: fixture.log)
            let partition = EventLog.partition(of: fixture.organization)
            #expect(tail.entries(of: partition, after: 0) == nil)
            try await fixture.publish(of: [Identifier.random()])
            try await tail.refresh()
            #expect(tail.entries(of: partition, after: 0) == nil)
            let later = try await fixture.publish(of: [Identifier.random(), Identifier.random()])
            try await tail.refresh()
            #expect(tail.entries(of: partition, after: 0) == nil)
            let kept = try #require(tail.entries(of: partition, after: 1))
            #expect(try self.ids(kept) == later.map(\.id))
            #expect(try self.ids(tail.entries(of: partition, after: kept[0].sequence)) == [later[1].id])
            #expect(try self.ids(tail.entries(of: partition, after: kept[1].sequence)) == [])
        }
    }

    @Test func `What is committed before it is asked for is there, whoever asks at the same time`() async throws {
        try await Fixture.run { fixture in
            let tail = EventTail(database: fixture.producer, log: fixture.log)
            try await tail.refresh()
            let partition = EventLog.partition(of: fixture.organization)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let published = try await fixture.publish(of: [Identifier.random()])
                        try await tail.refresh()
                        let kept = try self.ids(tail.entries(of: partition, after: 0))
                        return kept?.contains(published[0].id) == true
                    }
                }
                for try await isThere in group { #expect(isThere) }
            }
            let kept = try #require(tail.entries(of: partition, after: 0))
            #expect(kept.count == 40)
            #expect(kept.map(\.sequence) == kept.map(\.sequence).sorted())
        }
    }

    @Test func `It keeps so many and no more, and never fewer than the newest`() async throws {
        try await Fixture.run { fixture in
            let tail = EventTail(database: fixture.producer, log: fixture.log)
            try await tail.refresh()
            let partition = EventLog.partition(of: fixture.organization)
            let many = try await fixture.publish(of: (0..<EventTail.entriesMax + 20).map { _ in Identifier.random() })
            try await tail.refresh()
            #expect(tail.entries(of: partition, after: 0) == nil)
            let kept = try #require(tail.entries(of: partition, after: 20))
            #expect(try self.ids(kept) == many.dropFirst(20).map(\.id))
            var large = Fixture.event(of: fixture.organization)
            large.payload = Array("{\"data\":\"\(String(repeating: "a", count: EventTail.bytesMax))\"}".utf8)
            try await fixture.publish([large])
            try await tail.refresh()
            let newest = try #require(kept.last?.sequence)
            #expect(tail.entries(of: partition, after: newest - 1) == nil)
            #expect(try self.ids(tail.entries(of: partition, after: newest)) == [large.id])
        }
    }

    @Test func `Another epoch is begun anew`() async throws {
        try await Fixture.run { fixture in
            let tail = EventTail(database: fixture.producer, log: fixture.log)
            let (one, two) = (Identifier.random(), Identifier.random())
            tail.enter(one)
            try await tail.refresh()
            try await fixture.publish(of: [Identifier.random()])
            try await tail.refresh()
            let partition = EventLog.partition(of: fixture.organization)
            #expect(tail.entries(of: partition, after: 0)?.count == 1)
            tail.enter(one)
            #expect(tail.entries(of: partition, after: 0)?.count == 1)
            tail.enter(two)
            #expect(tail.entries(of: partition, after: 0) == nil)
            try await tail.refresh()
            #expect(tail.entries(of: partition, after: 0) == nil)
            #expect(tail.entries(of: partition, after: 1)?.isEmpty == true)
        }
    }
}
