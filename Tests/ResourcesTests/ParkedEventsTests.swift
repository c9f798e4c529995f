internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ParkedEventsTests {
    /// A service whose effect on `thing.made` fails while it is told to.
    private static func run(_ body: (TestService, Failing) async throws -> Void) async throws {
        let failing = Failing()
        let make: @Sendable (Persistence) -> Router = { persistence in
            var handlers = EventHandlers()
            handlers.on("thing.made") { event, transaction in
                if failing.isOn { throw EventFault("still not") }
                let name = JSON.string(event.record.id.description)
                try transaction.queue(
                    "INSERT INTO maker (organization_id, id, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
                    [
                        .uuid(event.organization), .uuid(Identifier.next(at: event.now)), .text(name.string ?? ""),
                        .instant(event.now),
                    ]
                )
                return []
            }
            var router = Workshop.router(persistence)
            ParkedEvents(persistence, service: "shop", handlers: handlers).register(in: &router)
            return router
        }
        try await TestService.run(Workshop.migrations, make) { service in try await body(service, failing) }
    }

    private static func park(_ count: Int, in service: TestService) async throws -> [Identifier] {
        let aggregate = Identifier.random()
        var ids: [Identifier] = []
        for sequence in 1...count {
            let record = EventRecord(
                id: Identifier.next(at: service.clock.now),
                organization: service.organization,
                type: "thing.made",
                activity: .created,
                aggregateType: "thing",
                aggregateID: aggregate,
                aggregateVersion: Int64(sequence),
                actor: service.caller.actor,
                correlation: aggregate,
                causation: aggregate,
                occurredAt: service.clock.now,
                payload: Array("{}".utf8)
            )
            var writer = JSONWriter()
            record.write(into: &writer, sequence: Int64(sequence))
            let event = writer.finish()
            ids.append(record.id)
            try await service.database.transaction(.organization(service.organization)) { transaction in
                try transaction.queue(
                    """
                    INSERT INTO parked_event (id, organization_id, producer, partition, sequence, type, aggregate_type, aggregate_id, state,
                        attempts, error, event, created_at, updated_at)
                    VALUES ($1, $2, 'delivery', 0, $3, 'thing.made', 'thing', $4, $5, 5, 'no', $6, $7, $7)
                    """,
                    [
                        .uuid(Identifier.next(at: record.occurredAt)), .uuid(record.organization),
                        .int(Int64(sequence)), .uuid(aggregate),
                        .text(sequence == 1 ? "parked" : "blocked"), .json(event), .instant(record.occurredAt),
                    ]
                )
            }
        }
        return ids
    }

    @Test func `A replay applies everything of the object in its order`() async throws {
        try await Self.run { service, failing in
            let events = try await Self.park(3, in: service)
            #expect(try await ParkedCounts.read(service.database, deadline: nil) == [1, 2])
            let list = try await service.json("shop.parked_event.list/1", ["state": "parked"])
            let id = try #require(list["data"]?.array?.first?["id"]?.string)
            failing.set(true)
            let failed = try await service.json("shop.parked_event.replay/1", ["id": id])
            #expect(failed["state"] == "parked")
            #expect(failed["attempts"] == 6)
            #expect(failed["error"]?.string?.contains("still not") == true)
            failing.set(false)
            #expect(try await service.json("shop.parked_event.replay/1", ["id": id])["state"] == "replayed")
            let makers = try await service.json("shop.maker.list/1", ["sort": "created_at"])
            #expect(makers["data"]?.array?.map { $0["name"] } == events.map { .string($0.description) })
            #expect(
                try await service.json("shop.parked_event.list/1", ["state": "replayed"])["data"]?.array?.count == 3
            )
            #expect(await service.refusal("shop.parked_event.replay/1", ["id": id])?.code == .conflict)
            #expect(try await ParkedCounts.read(service.database, deadline: nil) == [0, 0])
        }
    }

    @Test func `A discarded event never happens, and only an admin decides`() async throws {
        try await Self.run { service, _ in
            _ = try await Self.park(1, in: service)
            let id = try await service.json("shop.parked_event.list/1")["data"]?.array?.first?["id"]?.string ?? ""
            let body: JSON = ["reason": "A test firm."]
            #expect(
                await service.refusal("shop.parked_event.discard/1", ["id": id], body: body, role: .member)?.code
                    == .forbidden
            )
            #expect(
                await service.refusal("shop.parked_event.discard/1", ["id": id], body: body, as: service.stranger)?.code
                    == .notFound
            )
            #expect(
                try await service.json("shop.parked_event.discard/1", ["id": id], body: body)["state"] == "discarded"
            )
            #expect(await service.refusal("shop.parked_event.replay/1", ["id": id])?.code == .conflict)
            #expect(try await service.json("shop.maker.list/1")["data"] == [])
        }
    }
}

final class Failing: Sendable {
    private let value = Mutex(false)
    var isOn: Bool { self.value.withLock { $0 } }
    func set(_ isOn: Bool) { self.value.withLock { $0 = isOn } }
}
