internal import Contracts
internal import EventLog
internal import Logging
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// A producer's and a consumer's database, and the table that the consumer's effects are seen in.
struct Fixture: Sendable {
    static let service = "crm"

    let producerClone: TestServer.Clone
    var producer: Database { self.producerClone.database }
    let consumerClone: TestServer.Clone
    var consumer: Database { self.consumerClone.database }
    let log = EventLog()
    let ownLog = EventLog()
    let organization = Identifier.random()

    /// - Parameter consumer: how the consumer's database is used.
    static func run(
        consumer consumerConfiguration: DatabaseConfiguration = TestServer.configuration,
        _ body: (Fixture) async throws -> Void
    ) async throws {
        let effects = """
            CREATE TABLE effect (organization_id uuid NOT NULL, position bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL,
                aggregate_id uuid NOT NULL, scope uuid DEFAULT app_organization(), PRIMARY KEY (position));
            CALL app_protect_with_system('effect');
            """
        let migrations = EventLog.migrations + [Migration("effects", Array(effects.utf8))]
        var configuration = TestServer.configuration
        configuration.transactionConnections = 8
        try await TestServer.shared.withClone(EventLog.migrations, configuration: configuration) { producer in
            try await TestServer.shared.withClone(migrations, configuration: consumerConfiguration) { consumer in
                try await body(Fixture(producerClone: producer, consumerClone: consumer))
            }
        }
    }

    // MARK: Producing

    static func event(
        of organization: Identifier,
        aggregate: Identifier = Identifier.random(),
        type: String = "thing.made"
    ) -> EventRecord {
        let now = Instant.system()
        return EventRecord(
            id: Identifier.next(at: now),
            organization: organization,
            type: type,
            activity: .created,
            aggregateType: "thing",
            aggregateID: aggregate,
            aggregateVersion: 1,
            actor: Actor(kind: .member, id: Identifier.random()),
            correlation: Identifier.random(),
            causation: Identifier.random(),
            occurredAt: now,
            payload: Array(#"{"data":{}}"#.utf8)
        )
    }

    func publish(_ events: [EventRecord]) async throws {
        guard let organization = events.first?.organization else { return }
        try await self.producer.transaction(.organization(organization)) { transaction in
            try self.log.append(events, in: transaction)
        }
    }

    /// One event of each aggregate given, in their order; answers them.
    @discardableResult
    func publish(of aggregates: [Identifier], type: String = "thing.made") async throws -> [EventRecord] {
        let events = aggregates.map { Self.event(of: self.organization, aggregate: $0, type: type) }
        try await self.publish(events)
        return events
    }

    // MARK: Consuming

    /// The time between two claims of a replica.
    static let renewing = Duration.milliseconds(20)

    /// Every partition from its first event on.
    static let beginning = Dictionary(uniqueKeysWithValues: (0..<EventLog.partitionCount).map { ($0, Int64(0)) })

    /// `rewrite` is what a producer of another build would have sent instead.
    func source(
        repeating repetitions: Int = 1,
        rewriting rewrite: @escaping @Sendable (String) -> String = { $0 }
    ) -> FeedSource {
        var router = Router(service: Self.service)
        EventFeed(database: self.producer, log: self.log).register(in: &router)
        return FeedSource(producer: Self.service, router: router, repetitions: repetitions, rewrite: rewrite)
    }

    /// Runs a consumer of `thing.made` while `body` runs. `after` may throw, after the effect was written. A replica that does not
    /// leave is one that died.
    func consuming(
        _ source: FeedSource,
        as replica: String = "one",
        leaving: Bool = true,
        clock: WallClock = .system,
        _ after: @escaping @Sendable (ReceivedEvent) throws -> Void = { _ in },
        _ body: (EventConsumer) async throws -> Void
    ) async throws {
        var handlers = EventHandlers()
        handlers.on("thing.made") { event, transaction in
            try Self.write(event.record, in: transaction)
            try after(event)
            return []
        }
        try await self.consuming(source, with: handlers, as: replica, leaving: leaving, clock: clock, body)
    }

    /// As `consuming`, of a consumer that takes events many at a time.
    func consumingTogether(
        _ source: FeedSource,
        as replica: String = "one",
        clock: WallClock = .system,
        _ after: @escaping @Sendable (EventRecord) throws -> Void = { _ in },
        _ body: (EventConsumer) async throws -> Void
    ) async throws {
        var handlers = EventHandlers()
        handlers.onEvery { events, transaction in
            let count = try transaction.ask("SELECT count(*) AS count FROM effect")
            return { transaction in
                _ = try transaction.answer(to: count)
                for record in events.records {
                    try Self.write(record, in: transaction)
                    try after(record)
                }
            }
        }
        handlers.on("thing.made_alone") { event, transaction in
            try Self.write(event.record, in: transaction)
            return []
        }
        try await self.consuming(source, with: handlers, as: replica, clock: clock, body)
    }

    private static func write(_ record: EventRecord, in transaction: borrowing Transaction) throws {
        try transaction.queue(
            "INSERT INTO effect (organization_id, event_id, aggregate_id) VALUES ($1, $2, $3)",
            [.uuid(record.organization), .uuid(record.id), .uuid(record.aggregateID)]
        )
    }

    private func consuming(
        _ source: FeedSource,
        with handlers: EventHandlers,
        as replica: String,
        leaving: Bool = true,
        clock: WallClock,
        _ body: (EventConsumer) async throws -> Void
    ) async throws {
        let consumer = EventConsumer(
            name: "test",
            replica: replica,
            database: self.consumer,
            log: self.ownLog,
            clock: clock,
            sources: [source],
            handlers: handlers,
            logger: Logger(label: "test"),
            renewing: Self.renewing
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await consumer.run() }
            try await body(consumer)
            group.cancelAll()
        }
        if leaving { await consumer.leave() }
    }

    /// The ids of the events whose effects are there, in their order.
    func effects() async throws -> [Identifier] {
        let rows = try await self.consumer.read(.system, "SELECT event_id FROM effect ORDER BY position")
        return try (0..<rows.count).map { try rows[$0].uuid("event_id") }
    }

    /// Takes a backup of the producer, so to speak.
    func backUp() async throws {
        try await self.producerClone.execute(
            "CREATE TABLE backup AS SELECT max(sequence) AS sequence FROM outbox_event"
        )
    }

    /// Brings the producer back to what it was at its backup. `late` is done before its new epoch begins.
    func restore(late: () async throws -> Void = {}) async throws {
        try await self.producerClone.execute(
            """
            DELETE FROM outbox_event WHERE sequence > (SELECT sequence FROM backup);
            SELECT setval(pg_get_serial_sequence('outbox_event', 'sequence'), sequence) FROM backup;
            """
        )
        try await late()
        // As the owner, whom row-level security binds like anybody.
        try await PostgresScript.run("INSERT INTO outbox_epoch DEFAULT VALUES", url: self.producerClone.ownerURL)
    }

    /// `state type` of what is parked, in the order of the log.
    func parked() async throws -> [(state: String, attempts: Int64, event: Identifier)] {
        let rows = try await self.consumer.read(
            .system,
            "SELECT state, attempts, event ->> 'id' AS event_id FROM parked_event ORDER BY sequence"
        )
        return try (0..<rows.count).map {
            (try rows[$0].text("state"), try rows[$0].int("attempts"), try rows[$0].uuid("event_id"))
        }
    }
}

/// The producer's own operations as a source, without a wire between; delivers every batch as often as told.
struct FeedSource: EventSource {
    let producer: String
    let router: Router
    let repetitions: Int
    let rewrite: @Sendable (String) -> String

    private var context: CallContext {
        var context = CallContext(member: nil, requestID: Identifier.random(), now: Instant.system())
        context.peer = "test"
        return context
    }

    func subscribe(
        consumer: String,
        after positions: [Int: Int64],
        _ receive: @escaping @Sendable (EventBatch) async throws -> Void
    ) async throws {
        try await self.router.stream(
            EventFeed.subscribe(to: self.producer).wireName,
            parameters: [],
            body: EventBatch.subscription(consumer: consumer, positions: positions),
            context: self.context,
            into: Sink(repetitions: self.repetitions, rewrite: self.rewrite, receive: receive)
        )
    }

    func position(of partition: Int) async throws -> Int64 {
        let reply = try await self.router.reply(
            to: EventFeed.position(of: self.producer).wireName,
            parameters: [],
            body: JSON.object(["partition": .int(Int64(partition))]).bytes,
            context: self.context
        )
        return try #require(try JSON(parsing: reply.body)["sequence"]?.int64)
    }

    private struct Sink: ItemSink {
        let repetitions: Int
        let rewrite: @Sendable (String) -> String
        let receive: @Sendable (EventBatch) async throws -> Void

        func send(_ item: [UInt8]) async throws {
            let batch = try #require(
                EventBatch(try JSON(parsing: Array(self.rewrite(String(decoding: item, as: UTF8.self)).utf8)))
            )
            for _ in 0..<self.repetitions { try await self.receive(batch) }
        }
    }
}

/// How often each event was tried.
final class Attempts: Sendable {
    private let counts = Mutex<[Identifier: Int]>([:])

    func count(_ event: Identifier) -> Int {
        self.counts.withLock { counts in
            counts[event, default: 0] += 1
            return counts[event, default: 0]
        }
    }

    func of(_ event: Identifier) -> Int { self.counts.withLock { $0[event, default: 0] } }
}

struct Refusal: Error {}
