internal import Contracts
internal import EventLog
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite(.serialized) struct LogTests {
    @Test func `What another process of the service writes is seen, however busy this one is`() async throws {
        try await Fixture.run { fixture in
            let here = Fixture.event(of: fixture.organization)
            var organization = Identifier.random()
            while EventLog.partition(of: organization) == EventLog.partition(of: here.organization) {
                organization = Identifier.random()
            }
            let elsewhere = Fixture.event(of: organization)
            let seen = Box<Set<Identifier>>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await fixture.source().subscribe(consumer: "test", after: Fixture.beginning, of: nil) {
                        batch in
                        seen.change { $0.formUnion(batch.events.compactMap { $0.record?.id }) }
                    }
                }
                try await fixture.publish([here])
                try await eventually("the first event") { seen.value.contains(here.id) }
                try await fixture.producer.transaction(.organization(elsewhere.organization)) { transaction in
                    try EventLog().append([elsewhere], in: transaction)
                }
                try await eventually("the other's event") {
                    try await fixture.publish(of: [Identifier.random()])
                    return seen.value.contains(elsewhere.id)
                }
                group.cancelAll()
            }
        }
    }

    @Test func `An event that no frame could carry is refused, and its transaction with it`() async throws {
        try await Fixture.run { fixture in
            var event = Fixture.event(of: .random())
            event.payload = Array("{\"text\":\"\(String(repeating: "x", count: EventLog.payloadBytesMax))\"}".utf8)
            let large = event
            await #expect {
                try await fixture.producer.transaction(.organization(large.organization)) { transaction in
                    try fixture.log.append([large], in: transaction)
                }
            } throws: { ($0 as? Fault)?.code == .tooLarge }
            let written = try await fixture.producer.read(
                .organization(large.organization),
                "SELECT count(*) AS n FROM outbox_event"
            )
            #expect(try written[0].int("n") == 0)
        }
    }

    /// Writers commit in another order than they begin; a reader that only ever asks for what comes after must still see all.
    @Test func `A reader misses nothing of parallel writers`() async throws {
        try await Fixture.run { fixture in
            let organizations = (0..<6).map { _ in Identifier.random() }
            let (written, seen) = (Box<Set<Identifier>>([]), Box<[Place]>([]))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await fixture.source().subscribe(
                        consumer: "test",
                        after: Fixture.beginning,
                        of: nil
                    ) { batch in
                        seen.change { seen in
                            for entry in batch.events {
                                if let id = entry.record?.id {
                                    seen.append(Place(partition: batch.partition, sequence: entry.sequence, id: id))
                                }
                            }
                        }
                    }
                }
                try await withThrowingTaskGroup(of: Void.self) { writers in
                    for writer in 0..<8 {
                        writers.addTask {
                            for round in 0..<40 {
                                let events = (0...(round % 3)).map { _ in
                                    Fixture.event(of: organizations[(writer + round) % 6])
                                }
                                try await fixture.producer.transaction(.organization(events[0].organization)) {
                                    transaction in
                                    try fixture.log.append(events, in: transaction)
                                    // Holds the ticket while others want it.
                                    _ = try transaction.query("SELECT pg_sleep(random() * 0.002)")
                                }
                                written.change { $0.formUnion(events.map(\.id)) }
                            }
                        }
                    }
                    try await writers.waitForAll()
                }
                let total = written.value.count
                try await eventually("every event") { seen.value.count >= total }
                group.cancelAll()
            }
            let all = seen.value
            #expect(Set(all.map(\.id)) == written.value)
            #expect(all.count == Set(all.map(\.id)).count)
            for (_, entries) in Dictionary(grouping: all, by: \.partition) {
                #expect(entries.map(\.sequence) == entries.map(\.sequence).sorted())
            }
        }
    }

    @Test func `An event comes out as it went in`() async throws {
        try await Fixture.run { fixture in
            var event = Fixture.event(of: fixture.organization)
            event.engagement = Identifier.random()
            event.payload = Array(#"{"data":{"n":9007199254740993,"s":"ä\n"},"b":1,"a":2}"#.utf8)
            try await fixture.publish([event])
            let rows = try await fixture.producer.read(.system, "SELECT * FROM outbox_event")
            #expect(try EventRecord(rows[0]) == event)
            var writer = JSONWriter()
            event.write(into: &writer)
            #expect(EventRecord(try JSON(parsing: writer.finish())) == event)
        }
    }

    @Test func `A transaction that fails publishes nothing, and its place is no gap to wait for`() async throws {
        try await Fixture.run { fixture in
            await #expect(throws: Refusal.self) {
                try await fixture.producer.transaction(.organization(fixture.organization)) { transaction in
                    try fixture.log.append([Fixture.event(of: fixture.organization)], in: transaction)
                    throw Refusal()
                }
            }
            let events = try await fixture.publish(of: [Identifier.random()])
            try await fixture.consuming(fixture.source()) { _ in
                try await eventually("the effect") { try await fixture.effects() == events.map(\.id) }
            }
        }
    }

    @Test func `An organization's partition is its own and spread`() {
        let counts = (0..<6_400).reduce(into: [Int: Int]()) { counts, _ in
            counts[EventLog.partition(of: Identifier.random()), default: 0] += 1
        }
        #expect(counts.count == EventLog.partitionCount)
        #expect(counts.values.allSatisfy { $0 < 200 })
        let id = Identifier.random()
        #expect(EventLog.partition(of: id) == EventLog.partition(of: id))
    }
}

private struct Place: Sendable {
    let partition: Int
    let sequence: Int64
    let id: Identifier
}

private final class Box<Content: Sendable>: Sendable {
    private let content: Mutex<Content>

    init(_ content: Content) { self.content = Mutex(content) }

    var value: Content { self.content.withLock { $0 } }

    func change(_ body: @Sendable (inout Content) -> Void) { self.content.withLock { body(&$0) } }
}
