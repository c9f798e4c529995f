public import Contracts
public import EventLog
public import Postgres
public import Resources
public import Testing
public import Vocabulary

/// A service's router over a test's own database, called as the gateway would call it.
///
/// ```swift
/// try await TestService.run(CRM.migrations, crmRouter) { service in
///     let deal = try await service.json("crm.deal.create/1", body: ["name": "Relaunch"])
///     let fault = await service.refusal("crm.deal.get/1", ["id": deal["id"]?.string ?? ""], as: service.stranger)
///     #expect(fault?.code == .notFound)
/// }
/// ```
public struct TestService: Sendable {
    public let router: Router
    public let persistence: Persistence
    public let clone: TestServer.Clone
    public let clock: TestClock
    /// Who calls unless a test says otherwise: an owner of the test's organization.
    public let caller: Caller

    public var database: Database { self.clone.database }
    public var organization: Identifier { self.caller.organization }

    /// A member of another organization in the same database.
    public let stranger: Caller

    /// The same service as the stranger uses it: another organization in the same database.
    public var neighbour: TestService {
        TestService(
            router: self.router,
            persistence: self.persistence,
            clone: self.clone,
            clock: self.clock,
            caller: self.stranger,
            stranger: self.caller
        )
    }

    /// Clones a migrated database and runs `body` with the router that `make` builds over it.
    @discardableResult
    public static func run<Output: Sendable>(
        _ migrations: [Migration],
        service: String = "crm",
        zone: Zone = .utc,
        configuration: DatabaseConfiguration = TestServer.configuration,
        _ make: (Persistence) throws -> Router,
        _ body: (TestService) async throws -> Output
    ) async throws -> Output {
        try await TestServer.shared.withClone(migrations, service: service, configuration: configuration) { clone in
            let persistence = Persistence(
                database: clone.database,
                log: EventLog(),
                cursorKey: Array(repeating: 7, count: 32)
            )
            let service = TestService(
                router: try make(persistence),
                persistence: persistence,
                clone: clone,
                clock: TestClock(),
                caller: .test(zone: zone),
                stranger: .test(zone: zone)
            )
            return try await body(service)
        }
    }

    // MARK: - Calling

    /// Calls an operation by its wire name, such as `crm.deal.create/1`.
    public func call(
        _ operation: String,
        _ parameters: [String: String] = [:],
        body: JSON? = nil,
        key: String? = nil,
        ifMatch: Int64? = nil,
        role: Role? = nil,
        as caller: Caller? = nil,
        _ adjust: (inout CallContext) -> Void = { _ in }
    ) async throws(Fault) -> Reply {
        var caller = caller ?? self.caller
        if let role { caller.role = role }
        let bytes = body?.bytes ?? []
        let sorted = parameters.sorted { $0.key < $1.key }
        var context = CallContext(member: caller, requestID: Identifier.next(at: self.clock.now), now: self.clock.now)
        context.idempotencyKey = key
        context.ifMatch = ifMatch.map(VersionMatch.init)
        // What the gateway hashes; the bytes themselves tell requests apart as well.
        context.requestHash = Array("\(operation)\(sorted)".utf8) + bytes
        context.remoteAddress = "192.0.2.1"
        context.userAgent = "TestKit"
        adjust(&context)
        return try await self.router.reply(
            to: operation,
            parameters: sorted.map { (name: $0.key, value: $0.value) },
            body: bytes,
            context: context
        )
    }

    /// As ``call(_:_:body:key:ifMatch:role:as:_:)``, with the answer's body read; `null` where it is empty.
    public func json(
        _ operation: String,
        _ parameters: [String: String] = [:],
        body: JSON? = nil,
        key: String? = nil,
        ifMatch: Int64? = nil,
        role: Role? = nil,
        as caller: Caller? = nil
    ) async throws -> JSON {
        let reply = try await self.call(
            operation,
            parameters,
            body: body,
            key: key,
            ifMatch: ifMatch,
            role: role,
            as: caller
        )
        return reply.body.isEmpty ? .null : try JSON(parsing: reply.body)
    }

    /// The fault with which a call is refused; an issue is recorded where it is not.
    public func refusal(
        _ operation: String,
        _ parameters: [String: String] = [:],
        body: JSON? = nil,
        key: String? = nil,
        ifMatch: Int64? = nil,
        role: Role? = nil,
        as caller: Caller? = nil,
        location: SourceLocation = #_sourceLocation
    ) async -> Fault? {
        do throws(Fault) {
            let reply = try await self.call(
                operation,
                parameters,
                body: body,
                key: key,
                ifMatch: ifMatch,
                role: role,
                as: caller
            )
            Issue.record(
                "\(operation) answered \(reply.status): \(String(decoding: reply.body, as: UTF8.self))",
                sourceLocation: location
            )
            return nil
        } catch {
            return error
        }
    }

    // MARK: - Looking

    /// Every event in the log, oldest first.
    public func events(_ type: String? = nil) async throws -> [EventRecord] {
        let rows = try await self.database.read(.system, "SELECT * FROM outbox_event ORDER BY sequence")
        var records: [EventRecord] = []
        for index in 0..<rows.count { records.append(try EventRecord(rows[index])) }
        return records.filter { type == nil || $0.type == type }
    }

    /// Reads rows of the test's organization.
    public func rows(_ sql: SQL, _ values: [SQLValue] = []) async throws -> Rows {
        try await self.database.read(.organization(self.organization), sql, values)
    }

    // MARK: - Being told

    /// Applies an event of another service as its consumer would, in one transaction; answers the events that it caused.
    @discardableResult
    public func receive(
        _ type: String,
        from producer: String,
        aggregate: Identifier = Identifier.random(),
        version: Int64 = 1,
        payload: JSON,
        actor: Actor? = nil,
        correlation: Identifier? = nil,
        engagement: Identifier? = nil,
        _ handlers: EventHandlers
    ) async throws -> [EventRecord] {
        let record = EventRecord(
            id: Identifier.next(at: self.clock.now),
            organization: self.organization,
            type: type,
            schemaVersion: 1,
            activity: .updated,
            aggregateType: String(type.prefix { $0 != "." }),
            aggregateID: aggregate,
            aggregateVersion: version,
            actor: actor ?? self.caller.actor,
            correlation: correlation ?? Identifier.random(),
            causation: Identifier.random(),
            engagement: engagement,
            occurredAt: self.clock.now,
            payload: payload.bytes
        )
        return try await self.receive(record, from: producer, handlers)
    }

    /// A colleague as identity tells of them; the id of their membership.
    @discardableResult
    public func member(
        _ word: String = "added",
        id: Identifier = Identifier.random(),
        version: Int64 = 1,
        in handlers: EventHandlers
    ) async throws -> Identifier {
        let data: JSON = ["user_id": .string(Identifier.random().description), "role": "member"]
        try await self.receive(
            "member.\(word)",
            from: "identity",
            aggregate: id,
            version: version,
            payload: ["data": data],
            handlers
        )
        return id
    }

    /// Applies an event as it was published; twice, where a test wants to see that the second does nothing.
    @discardableResult
    public func receive(
        _ record: EventRecord,
        from producer: String,
        _ handlers: EventHandlers
    ) async throws -> [EventRecord] {
        let payload = try JSON(parsing: record.payload)
        let event = ReceivedEvent(producer: producer, record: record, payload: payload, now: self.clock.now)
        return try await self.database.transaction(.organization(record.organization)) { transaction in
            let caused = try handlers.effect(on: record.type)?(event, transaction) ?? []
            try self.persistence.log.append(caused, in: transaction)
            return caused
        }
    }
}

extension Caller {
    /// A person of a new organization.
    public static func test(
        role: Role = .owner,
        organization: Identifier = Identifier.random(),
        zone: Zone = .utc,
        currency: Currency = .usd
    ) -> Caller {
        Caller(
            kind: .member,
            subject: Identifier.random(),
            organization: organization,
            role: role,
            zone: zone,
            currency: currency
        )
    }
}
