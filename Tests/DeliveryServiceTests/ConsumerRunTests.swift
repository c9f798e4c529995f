internal import Contracts
internal import DeliveryService
internal import EventLog
internal import Logging
internal import Postgres
internal import Resources
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// The real consumer over events that are delivered again and again, as after every reconnect.
@Suite struct ConsumerRunTests {
    /// Delivers the same batch twice.
    private struct Repeating: EventSource {
        let producer = "crm"
        let batch: EventBatch

        func subscribe(
            consumer: String,
            after positions: [Int: Int64],
            _ receive: @escaping @Sendable (EventBatch) async throws -> Void
        ) async throws {
            try await receive(self.batch)
            try await receive(self.batch)
            let (forever, _) = AsyncStream.makeStream(of: Void.self)
            for await _ in forever {}
        }

        func position(of partition: Int) async throws -> Int64 { 0 }
    }

    /// Three contracts with the largest template write more events than one transaction may: they must spread over several.
    @Test func manyLargeContractsBecomeOneEngagementEach() async throws {
        try await World.run { world in
            let tasks = (0..<350).map { index -> JSON in
                ["key": .string("t\(index)"), "name": .string("Task \(index)"), "due_offset_days": .int(Int64(index))]
            }
            let template = try await world.id("project_template", ["name": "Large", "tasks_template": .array(tasks)])
            let contracts = (0..<3).map { _ in world.contract(template: template) }
            let partition = EventLog.partition(of: world.service.organization)
            let entries = try contracts.enumerated().map { index, record in
                var writer = JSONWriter()
                record.write(into: &writer, sequence: Int64(index) + 1)
                return try JSON(parsing: writer.finish())
            }
            let batch = try #require(
                EventBatch([
                    "epoch": .string(Identifier.random().description), "partition": .int(Int64(partition)),
                    "events": .array(entries),
                ])
            )
            let consumer = EventConsumer(
                name: "delivery",
                replica: "one",
                database: world.service.database,
                log: world.service.persistence.log,
                clock: world.service.clock.wall,
                sources: [Repeating(batch: batch)],
                handlers: world.handlers,
                logger: Logger(label: "test")
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await consumer.run() }
                try await eventually("nothing waits any more") {
                    let cursor = try await world.service.rows("SELECT FROM event_cursor WHERE sequence = 3")
                    return cursor.count == 1 && consumer.states[0].lagSeconds == 0
                }
                group.cancelAll()
            }
            let engagements = try await world.service.json("delivery.engagement.list/1")
            #expect(engagements["data"]?.array?.count == 3)
            let count = try await world.service.rows("SELECT count(*) AS tasks FROM task")
            #expect(try count[0].int("tasks") == 1_050)
            #expect(try await world.service.events("task.created").count == 1_050)
            let parked = try await world.service.rows("SELECT count(*) AS parked FROM parked_event")
            #expect(try parked[0].int("parked") == 0)
        }
    }
}
