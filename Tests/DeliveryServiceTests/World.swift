internal import Contracts
internal import DeliveryService
internal import EventLog
internal import Resources
internal import ServiceKit
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

/// Delivery over a test's own database, with events of other services and peers as a test wants them.
struct World: Sendable {
    let service: TestService
    let handlers: EventHandlers
    let caughtUp: Log
    /// Whether the services that a request waits for can be reached.
    let isReachable: Toggle

    /// Which services a request waited for.
    final class Log: Sendable {
        private let entries = Mutex<[String]>([])
        var producers: [String] { self.entries.withLock { $0 } }
        func append(_ producer: String) { self.entries.withLock { $0.append(producer) } }
    }

    /// What a test switches while the world is running.
    final class Toggle: Sendable {
        private let value = Mutex(true)
        var isOn: Bool { self.value.withLock { $0 } }
        func set(_ isOn: Bool) { self.value.withLock { $0 = isOn } }
    }

    static let nobody = PeerCalls { operation, _, _ throws(Fault) in
        throw Fault(.unavailable, "\(operation) cannot be asked.")
    }

    static func run(
        peers: PeerCalls = World.nobody,
        _ body: (World) async throws -> Void
    ) async throws {
        let (caughtUp, isReachable) = (Log(), Toggle())
        try await TestService.run(
            Delivery.migrations,
            service: "delivery",
            { persistence in
                let catchingUp = persistence.catchingUp { producer, _ in
                    caughtUp.append(producer)
                    return isReachable.isOn
                }
                return Delivery(catchingUp).router(peers: peers)
            },
            { service in
                try await body(
                    World(
                        service: service,
                        handlers: Delivery(service.persistence).handlers,
                        caughtUp: caughtUp,
                        isReachable: isReachable
                    )
                )
            }
        )
    }

    // MARK: - Acts

    static let billing: JSON = ["currency": "USD", "interval_unit": "month", "anchor_date": "2026-11-22"]

    /// A signed contract as crm announces it.
    func contract(
        _ id: Identifier = Identifier.random(),
        template: String? = nil,
        startsOn: String? = "2026-12-01",
        signedAt: String? = nil,
        correlation: Identifier = Identifier.random()
    ) -> EventRecord {
        var data: JSONObject = [
            "id": .string(id.description), "title": "Website relaunch", "currency": "EUR", "total_minor": 1_200_000,
            "status": "signed",
        ]
        for name in ["client_company_id", "contact_id", "deal_id", "proposal_id"] {
            data[name] = .string(Identifier.random().description)
        }
        data["project_template_id"] = template.map(JSON.string) ?? .null
        data["starts_on"] = startsOn.map(JSON.string) ?? .null
        data["signed_at"] = signedAt.map(JSON.string)
        let payload: JSON = ["data": .object(data), "billing": Self.billing]
        return EventRecord(
            id: Identifier.next(at: self.service.clock.now),
            organization: self.service.organization,
            type: "contract.signed",
            activity: .signed,
            aggregateType: "contract",
            aggregateID: id,
            aggregateVersion: 3,
            actor: self.service.caller.actor,
            correlation: correlation,
            causation: Identifier.random(),
            occurredAt: self.service.clock.now,
            payload: payload.bytes
        )
    }

    @discardableResult
    func receive(_ record: EventRecord, from producer: String = "crm") async throws -> [EventRecord] {
        try await self.service.receive(record, from: producer, self.handlers)
    }

    /// The id of a colleague's membership.
    func member() async throws -> String { try await self.service.member(in: self.handlers).description }

    /// The id of a new engagement.
    func engagement(template: String? = nil) async throws -> String {
        let made = try await self.receive(self.contract(template: template))
        return try #require(made.first).aggregateID.description
    }

    /// A new row of an operation `delivery.<name>.create/1`.
    func create(_ name: String, _ body: JSON) async throws -> JSON {
        try await self.service.json("delivery.\(name).create/1", body: body)
    }

    func id(_ name: String, _ body: JSON) async throws -> String {
        try #require(try await self.create(name, body)["id"]?.string)
    }

    func project(in engagement: String? = nil) async throws -> String {
        let parent: String
        if let engagement { parent = engagement } else { parent = try await self.engagement() }
        return try await self.id("project", ["engagement_id": .string(parent), "name": "Build"])
    }

    func task(_ name: String, in project: String, after dependencies: [String] = []) async throws -> String {
        try await self.id(
            "task",
            [
                "project_id": .string(project), "name": .string(name),
                "depends_on": .array(dependencies.map(JSON.string)),
            ]
        )
    }

    /// Calls a verb and answers the row as it is then.
    @discardableResult
    func post(_ verb: String, _ id: String, because reason: String? = nil) async throws -> JSON {
        try await self.service.json("delivery.\(verb)/1", ["id": id], body: self.body(verb, reason))
    }

    func refusal(_ verb: String, _ id: String, because reason: String? = nil) async -> Fault? {
        await self.service.refusal("delivery.\(verb)/1", ["id": id], body: self.body(verb, reason))
    }

    /// The reason, for a verb that takes one: any other refuses to be given it.
    private func body(_ verb: String, _ reason: String?) -> JSON {
        guard let reason, case .object(let fields)? = self.service.router.declaration(of: "delivery.\(verb)/1")?.body,
            fields.contains(where: { $0.name == "reason" })
        else { return .object([:]) }
        return .object(["reason": .string(reason)])
    }

    /// An invoice as revenue announces it.
    func invoice(
        _ type: String,
        _ id: Identifier,
        of engagement: String,
        status: String,
        version: Int64
    ) async throws {
        try await self.service.receive(
            "invoice.\(type)",
            from: "revenue",
            aggregate: id,
            version: version,
            payload: ["data": ["engagement_id": .string(engagement), "status": .string(status)]],
            self.handlers
        )
    }

    /// What the command line's demo sends.
    static let template: JSON = [
        "name": "Portal in a month",
        "milestones_template": [
            ["key": "kickoff", "name": "Kick-off", "offset_days": 2],
            ["key": "release", "name": "First release", "offset_days": 30, "amount_minor": 500_000],
        ],
        "tasks_template": [
            [
                "key": "goals", "name": "Agree on goals", "milestone_key": "kickoff", "start_offset_days": 0,
                "due_offset_days": 2, "depends_on": [],
            ],
            [
                "key": "build", "name": "Build", "milestone_key": "release", "start_offset_days": 3,
                "due_offset_days": 25, "depends_on": ["goals"],
            ],
            [
                "key": "handover", "name": "Hand over", "milestone_key": "release", "start_offset_days": 26,
                "due_offset_days": 30, "depends_on": ["build"],
            ],
        ],
    ]
}
