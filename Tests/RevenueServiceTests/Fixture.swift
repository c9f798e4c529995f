internal import Contracts
internal import EventLog
internal import Logging
internal import Postgres
internal import Resources
internal import RevenueService
internal import ServiceKit
internal import Synchronization
internal import Telemetry
internal import TestKit
internal import Testing
internal import Vocabulary

/// What stayed a draft, told from within transactions.
final class HeldBackLog: Sendable {
    private let entries = Mutex<[HeldBack]>([])
    var all: [HeldBack] { self.entries.withLock { $0 } }
    func append(_ held: HeldBack) { self.entries.withLock { $0.append(held) } }
}

/// The revenue service over a test's own database, with a client and an engagement that its owners have told of.
struct Fixture: Sendable {
    let service: TestService
    let revenue: Revenue
    let client: Identifier
    let engagement: Identifier
    /// The story that the engagement belongs to.
    let story: Identifier
    let metrics = ServiceMetrics()
    /// The invoices that stayed drafts.
    let heldBack: HeldBackLog

    static func run(
        zone: Zone = .utc,
        connections: Int = 2,
        _ body: (Fixture) async throws -> Void
    ) async throws {
        var configuration = TestServer.configuration
        configuration.transactionConnections = connections
        let make: (Persistence) -> Router = { Revenue($0).router() }
        try await TestService.run(
            Revenue.migrations,
            service: "revenue",
            zone: zone,
            configuration: configuration,
            make
        ) { service in
            try await body(try await Fixture.of(service, zone))
        }
    }

    /// The part of one organization: the owners of what is copied have told of it.
    static func of(_ service: TestService, _ zone: Zone = .utc) async throws -> Fixture {
        let heldBack = HeldBackLog()
        let fixture = Fixture(
            service: service,
            revenue: Revenue(service.persistence) { heldBack.append($0) },
            client: Identifier.random(),
            engagement: Identifier.random(),
            story: Identifier.random(),
            heldBack: heldBack
        )
        try await fixture.tell(
            "organization.created",
            "identity",
            service.organization,
            ["name": "Firm", "time_zone": .string(zone.identifier)]
        )
        try await fixture.tell("client_company.created", "crm", fixture.client, ["name": "Northwind"])
        try await fixture.tell("engagement.created", "delivery", fixture.engagement, fixture.engagementRow)
        return fixture
    }

    var scheduleSweep: ScheduleSweep { self.revenue.scheduleSweep(self.watch("schedules")) }
    var overdueSweep: OverdueSweep { self.revenue.overdueSweep(self.watch("overdue")) }

    private func watch(_ sweep: String) -> SweepWatch {
        SweepWatch(sweep, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, metrics: self.metrics)
    }

    /// How often a sweep could not serve an organization.
    func failures(of sweep: String) -> Int64 { self.metrics.sweepFailures.with(sweep).value }

    var engagementRow: JSON {
        ["name": "Relaunch", "client_company_id": .string(self.client.description)]
    }

    func tell(
        _ type: String,
        _ producer: String,
        _ id: Identifier,
        _ data: JSON,
        version: Int64 = 1
    ) async throws {
        try await self.service.receive(
            type,
            from: producer,
            aggregate: id,
            version: version,
            payload: ["data": data],
            correlation: self.story,
            self.revenue.handlers
        )
    }

    // MARK: - Short ways

    static func line(_ price: Int64, quantity: String = "1", tax: String = "0", discount: String? = nil) -> JSON {
        var line: JSONObject = [
            "description": "Work", "quantity": .string(quantity), "unit_price_minor": .int(price),
            "tax_rate": .string(tax),
        ]
        if let discount { line["discount_percent"] = .string(discount) }
        return .object(line)
    }

    /// Drafts an invoice of the engagement's client.
    func draft(_ lines: [JSON], _ more: JSONObject = [:]) async throws -> JSON {
        var body: JSONObject = ["engagement_id": .string(self.engagement.description), "lines": .array(lines)]
        for member in more.members { body[member.key] = member.value }
        return try await self.service.json("revenue.invoice.create/1", body: .object(body))
    }

    func move(_ verb: String, _ id: String, _ body: JSON = [:]) async throws -> JSON {
        try await self.service.json(
            "revenue.invoice.\(verb)/1",
            ["id": id],
            body: body,
            key: Identifier.random().description
        )
    }

    /// A finalized invoice of one line.
    func finalized(_ amount: Int64, due: String = "2026-12-31", currency: String = "USD") async throws -> JSON {
        let draft = try await self.draft(
            [Self.line(amount)],
            ["due_on": .string(due), "currency": .string(currency), "issue_on": "2026-01-02"]
        )
        return try await self.move("finalize", try draft.text("id"))
    }

    func invoice(_ id: String) async throws -> JSON { try await self.service.json("revenue.invoice.get/1", ["id": id]) }

    func payment(_ amount: Int64, _ allocations: [(String, Int64)], _ more: JSONObject = [:]) -> JSON {
        var body: JSONObject = [
            "client_company_id": .string(self.client.description), "amount_minor": .int(amount),
            "method": "bank_transfer",
            "allocations": .array(allocations.map { ["invoice_id": .string($0.0), "amount_minor": .int($0.1)] }),
        ]
        for member in more.members { body[member.key] = member.value }
        return .object(body)
    }

    func pay(_ amount: Int64, _ allocations: [(String, Int64)], _ more: JSONObject = [:]) async throws -> JSON {
        try await self.service.json(
            "revenue.payment.create/1",
            body: self.payment(amount, allocations, more),
            key: Identifier.random().description
        )
    }

    func unapplied() async throws -> Int64? {
        try await self.service.json("revenue.client_balance.list/1")["data"]?.array?.first?["unapplied_minor"]?.int64
    }

    func types(_ prefix: String = "") async throws -> [String] {
        try await self.service.events().map(\.type).filter { $0.hasPrefix(prefix) }
    }
}

extension JSON {
    func text(_ name: String) throws -> String { try #require(self[name]?.string) }
    func int(_ name: String) throws -> Int64 { try #require(self[name]?.int64) }
    func list(_ name: String) throws -> [JSON] { try #require(self[name]?.array) }
}
