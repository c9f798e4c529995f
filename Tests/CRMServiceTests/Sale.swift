internal import CRMService
internal import Contracts
internal import Logging
internal import Postgres
internal import ServiceKit
internal import Telemetry
internal import TestKit
internal import Testing
internal import Vocabulary

/// A client and what is offered to it, as far as a test needs them.
struct Sale {
    let service: TestService

    static func run(
        zone: Zone = .utc,
        connections: Int = 2,
        _ body: (Sale) async throws -> Void
    ) async throws {
        var configuration = TestServer.configuration
        configuration.transactionConnections = connections
        try await TestService.run(CRM.migrations, zone: zone, configuration: configuration, crmRouter) { service in
            try await body(Sale(service: service))
        }
    }

    func expirySweep(_ metrics: ServiceMetrics = ServiceMetrics()) -> ExpirySweep {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return ExpirySweep(self.service.persistence, SweepWatch("expiry", logger: logger, metrics: metrics))
    }

    func company(_ name: String = "Northwind") async throws -> String {
        let body: JSON = ["name": .string(name), "address": ["line1": "1 Main Street", "city": "Springfield"]]
        return try await self.id(of: "crm.client_company.create/1", body)
    }

    func deal(_ company: String, stage: String = "lead") async throws -> String {
        try await self.id(
            of: "crm.deal.create/1",
            [
                "name": "Relaunch", "client_company_id": .string(company), "amount_minor": 500_000,
                "stage": .string(stage),
            ]
        )
    }

    static let lines: JSON = [
        ["description": "Analysis", "quantity": "1.5", "unit_price_minor": 33_333, "tax_rate": "0.19"],
        ["description": "Report", "unit_price_minor": 10_001, "discount_percent": "10", "tax_rate": "0.07"],
    ]

    func proposal(deal: String, validUntil: LocalDate? = nil) async throws -> JSON {
        try await self.service.json(
            "crm.proposal.create/1",
            body: [
                "title": "Relaunch", "deal_id": .string(deal), "lines": Self.lines,
                "valid_until": validUntil.map { .string($0.description) } ?? .null,
            ]
        )
    }

    /// Calls a verb with a key of its own.
    func act(_ operation: String, _ id: String, _ body: JSON = [:]) async throws -> JSON {
        try await self.service.json("crm.\(operation)/1", ["id": id], body: body, key: Identifier.random().description)
    }

    /// Patches a proposal or a contract as it was last read.
    func change(_ resource: String, _ read: JSON, _ patch: JSON) async throws -> JSON {
        try await self.service.json(
            "crm.\(resource).change/1",
            ["id": read.id()],
            body: patch,
            ifMatch: read["version"]?.int64
        )
    }

    func refusal(
        _ operation: String,
        _ id: String,
        _ body: JSON = [:],
        location: SourceLocation = #_sourceLocation
    ) async -> Fault? {
        await self.service.refusal(
            "crm.\(operation)/1",
            ["id": id],
            body: body,
            key: Identifier.random().description,
            location: location
        )
    }

    /// A proposal that was sent, viewed and accepted.
    func accepted(deal: String) async throws -> JSON {
        let id = try #require(try await self.proposal(deal: deal)["id"]?.string)
        _ = try await self.act("proposal.send", id)
        return try await self.act("proposal.accept", id, Self.acceptance(try await self.act("proposal.view", id)))
    }

    static func acceptance(_ proposal: JSON) -> JSON {
        ["version_id": proposal["current_version_id"] ?? .null, "content_sha256": proposal["content_sha256"] ?? .null]
    }

    func contract(_ proposal: JSON) async throws -> String {
        try await self.id(
            of: "crm.contract.create/1",
            [
                "proposal_id": proposal["id"] ?? .null, "title": "Relaunch", "starts_on": "2026-12-01",
                "billing": [
                    "currency": "USD", "anchor_date": "2026-12-01",
                    "lines": [["description": "Retainer", "unit_price_minor": 100_000]],
                ],
                "project_template": [
                    "name": "Relaunch", "milestones": [["key": "m", "name": "Live", "offset_days": 30]],
                    "tasks": [["key": "t", "name": "Build", "milestone_key": "m", "due_offset_days": 20]],
                ],
            ]
        )
    }

    /// Somebody at the client of an offer.
    func contact(of offer: JSON) async throws -> String {
        try await self.id(
            of: "crm.contact.create/1",
            ["client_company_id": offer["client_company_id"] ?? .null, "first_name": "Bob", "last_name": "Client"]
        )
    }

    /// A project template that delivery has.
    func template(_ id: Identifier) async throws {
        try await self.service.receive(
            "project_template.created",
            from: "delivery",
            aggregate: id,
            payload: ["data": ["id": .string(id.description), "name": "Relaunch"]],
            crmHandlers()
        )
    }

    /// A contract that is out for signature.
    func sent(_ body: JSON = [:]) async throws -> JSON {
        let deal = try await self.deal(try await self.company(), stage: "won")
        return try await self.act("contract.send", try await self.contract(try await self.accepted(deal: deal)), body)
    }

    static func signature(_ contract: JSON) -> JSON {
        [
            "signer_name": "Ada Client", "signer_email": "ada@client.example",
            "content_sha256": contract["content_sha256"] ?? .null,
            "consent": true, "signature_text": "Ada Client, in her own hand",
        ]
    }

    func id(of operation: String, _ body: JSON) async throws -> String {
        try #require(try await self.service.json(operation, body: body)["id"]?.string)
    }
}

extension JSON {
    func id() throws -> String { try #require(self["id"]?.string) }
}
