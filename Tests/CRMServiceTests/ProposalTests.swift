internal import CRMService
internal import Contracts
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ProposalTests {
    @Test func pricesItsLinesByTheMoneyRules() async throws {
        try await Sale.run { sale in
            let proposal = try await sale.proposal(deal: try await sale.deal(try await sale.company()))
            // 1.5 × 333.33 = 500.00 (rounded from 499.995); 100.01 less 10 % = 90.01.
            #expect(proposal["lines"]?.array?.map { $0["net_minor"] } == [50_000, 9_001])
            #expect(proposal["tax_minor"] == .int(9_500 + 630))
            #expect(proposal["total_minor"] == .int(50_000 + 9_001 + 9_500 + 630))
            #expect(proposal["status"] == "draft")
            #expect(proposal["content_sha256"] == .null)
            let id = try #require(proposal["id"]?.string)
            let changed = try await sale.service.json(
                "crm.proposal.change/1",
                ["id": id],
                body: ["discount_amount_minor": 9_001],
                ifMatch: 1
            )
            #expect(changed["discount_minor"] == 9_001)
            #expect(changed["net_minor"] == 50_000)
        }
    }

    @Test func isAcceptedOnlyAsItWasRead() async throws {
        try await Sale.run { sale in
            let id = try #require(
                try await sale.proposal(deal: try await sale.deal(try await sale.company()))["id"]?.string
            )
            let sent = try await sale.act("proposal.send", id)
            _ = try await sale.act("proposal.view", id)
            let wrongHash: JSON = [
                "version_id": sent["current_version_id"] ?? .null,
                "content_sha256": .string(String(repeating: "0", count: 64)),
            ]
            #expect(await sale.refusal("proposal.accept", id, wrongHash)?.problems.map(\.code) == ["content_mismatch"])
            let wrongVersion: JSON = [
                "version_id": .string(Identifier.random().description),
                "content_sha256": sent["content_sha256"] ?? .null,
            ]
            #expect(await sale.refusal("proposal.accept", id, wrongVersion)?.code == .conflict)
            #expect(try await sale.act("proposal.accept", id, Sale.acceptance(sent))["status"] == "accepted")
            let fault = await sale.service.refusal(
                "crm.proposal.change/1",
                ["id": id],
                body: ["title": "Other"],
                ifMatch: 4
            )
            #expect(fault?.code == .conflict)
        }
    }

    @Test func isViewedByBeingAccepted() async throws {
        try await Sale.run { sale in
            let id = try #require(
                try await sale.proposal(deal: try await sale.deal(try await sale.company()))["id"]?.string
            )
            let draft: JSON = [
                "version_id": .string(Identifier.random().description),
                "content_sha256": .string(String(repeating: "0", count: 64)),
            ]
            let refused = await sale.refusal("proposal.accept", id, draft)
            #expect(refused?.code == .invalidTransition)
            let sent = try await sale.act("proposal.send", id)
            #expect(await sale.refusal("proposal.accept", id, draft)?.code == .conflict)
            let accepted = try await sale.act("proposal.accept", id, Sale.acceptance(sent))
            #expect(accepted["status"] == "accepted")
            #expect(accepted["viewed_at"] == accepted["closed_at"])
            let events = try await sale.service.events().filter { $0.aggregateID.description == id }
            #expect(
                events.map(\.type) == ["proposal.created", "proposal.sent", "proposal.viewed", "proposal.accepted"]
            )
            // Each event shows the proposal as it was then, under a version of its own.
            #expect(events.map(\.aggregateVersion) == [1, 2, 3, 4])
            let told = try events.suffix(2).map { try JSON(parsing: $0.payload) }
            #expect(told.map { $0["data"]?["status"] } == ["viewed", "accepted"])
            #expect(told.map { $0["previous"]?["status"] } == ["sent", "viewed"])
        }
    }

    @Test func freezesTheClientAndItsHashCanBeComputedAgain() async throws {
        try await Sale.run { sale in
            let company = try await sale.company()
            let accepted = try await sale.accepted(deal: try await sale.deal(company))
            let id = try #require(accepted["id"]?.string)
            _ = try await sale.service.json(
                "crm.client_company.change/1",
                ["id": company],
                body: ["name": "Southwind"],
                ifMatch: 1
            )
            let versions = try await sale.service.json("crm.proposal.versions/1", ["id": id])
            let version = try #require(versions["data"]?.array?.first)
            #expect(version["state"] == "accepted")
            #expect(version["content"]?["client"]?["name"] == "Northwind")
            #expect(version["content"]?["client"]?["address"]?["city"] == "Springfield")
            let rows = try await sale.service.rows(
                "SELECT encode(sha256(convert_to(content::text, 'UTF8')), 'hex') AS hash FROM proposal_version WHERE organization_id = $1",
                [.uuid(sale.service.organization)]
            )
            #expect(try rows[0].text("hash") == accepted["content_sha256"]?.string)
            await #expect(throws: (any Error).self) {
                try await sale.service.clone.execute("UPDATE proposal_version SET content = '{}'")
            }
        }
    }

    @Test func revisesIntoANewDraft() async throws {
        try await Sale.run { sale in
            let first = try await sale.proposal(deal: try await sale.deal(try await sale.company()))
            let id = try #require(first["id"]?.string)
            #expect(await sale.refusal("proposal.revise", id)?.code == .invalidTransition)
            _ = try await sale.act("proposal.send", id)
            let revised = try await sale.act("proposal.revise", id)
            #expect(revised["status"] == "draft")
            #expect(revised["version_number"] == 2)
            #expect(revised["current_version_id"] != first["current_version_id"])
            _ = try await sale.act("proposal.send", id)
            let versions = try await sale.service.json("crm.proposal.versions/1", ["id": id, "sort": "number"])
            #expect(versions["data"]?.array?.map { $0["state"] } == ["superseded", "open"])
        }
    }

    @Test func rejectsAndAcceptsOffline() async throws {
        try await Sale.run { sale in
            let deal = try await sale.deal(try await sale.company())
            let rejected = try #require(try await sale.proposal(deal: deal)["id"]?.string)
            _ = try await sale.act("proposal.send", rejected)
            #expect(
                try await sale.act("proposal.reject", rejected, ["reason": "Not this year."])["decision_note"]
                    == "Not this year."
            )
            let offline = try #require(try await sale.proposal(deal: deal)["id"]?.string)
            var body = try #require(Sale.acceptance(try await sale.act("proposal.send", offline)).object)
            #expect(await sale.refusal("proposal.accept_offline", offline, .object(body))?.code == .validationFailed)
            body["note"] = "Purchase order 4711"
            #expect(try await sale.act("proposal.accept_offline", offline, .object(body))["status"] == "accepted")
        }
    }

    @Test func expiresAtTheOrganizationsMidnight() async throws {
        let berlin = try #require(Zone("Europe/Berlin"))
        try await Sale.run(zone: berlin) { sale in
            let service = sale.service
            try await service.receive(
                "organization.created",
                from: "identity",
                payload: ["data": ["time_zone": "Europe/Berlin", "currency": "EUR"]],
                crmHandlers()
            )
            let lastDay = try #require(LocalDate("2026-11-23"))
            let id = try #require(
                try await sale.proposal(deal: try await sale.deal(try await sale.company()), validUntil: lastDay)["id"]?
                    .string
            )
            _ = try await sale.act("proposal.send", id)
            let read = try await sale.act("proposal.view", id)
            let sweep = sale.expirySweep()
            let midnight = berlin.startOfDay(lastDay.adding(days: 1))
            #expect(try await sweep.sweep(now: midnight.adding(microseconds: -1)) == 0)
            service.clock.set(to: midnight)
            #expect(
                await sale.refusal("proposal.accept", id, Sale.acceptance(read))?.problems.first?.code
                    == "proposal_expired"
            )
            #expect(try await sweep.sweep(now: midnight) == 1)
            #expect(try await sweep.sweep(now: midnight) == 0)
            let expired = try #require(try await service.events("proposal.expired").first)
            #expect(expired.actor.kind == .system)
            #expect(try await service.json("crm.proposal.get/1", ["id": id])["status"] == "expired")
        }
    }

    /// Who looks after a proposal and whom one talks to is not what a client accepts.
    @Test(arguments: ["owner_id", "contact_id", "external_id"])
    func whatIsNoContentChangesAtAnyTime(field: String) async throws {
        try await Sale.run { sale in
            let deal = try await sale.deal(try await sale.company(), stage: "won")
            let accepted = try await sale.accepted(deal: deal)
            var value = JSON.string("ERP-1")
            if field == "owner_id" { value = .string(try await sale.service.member(in: crmHandlers()).description) }
            if field == "contact_id" { value = .string(try await sale.contact(of: accepted)) }
            let changed = try await sale.change("proposal", accepted, .object([field: value]))
            #expect(changed[field] == value)
            #expect(changed["status"] == "accepted")
            #expect(changed["content_sha256"] == accepted["content_sha256"])
        }
    }

    @Test(
        arguments: [
            ["title": "Other"], ["introduction": "Hello."], ["terms": "Net 30."], ["valid_until": "2027-01-01"],
            ["lines": Sale.lines], ["discount_percent": "10"], ["discount_amount_minor": 1],
            ["prices_include_tax": true],
            ["external_id": "ERP-1", "terms": "Net 30."],
        ] as [JSON]
    )
    func whatIsContentIsFrozenWithTheVersion(change: JSON) async throws {
        try await Sale.run { sale in
            let proposal = try await sale.proposal(deal: try await sale.deal(try await sale.company()))
            let sent = try await sale.act("proposal.send", try proposal.id())
            let refusal = await sale.service.refusal(
                "crm.proposal.change/1",
                ["id": try sent.id()],
                body: change,
                ifMatch: sent["version"]?.int64
            )
            #expect(refusal?.problems.first?.code == "version_frozen")
        }
    }
}
