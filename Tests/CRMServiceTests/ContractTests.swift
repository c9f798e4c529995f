internal import CRMService
internal import Contracts
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ContractTests {
    @Test func carriesTheStoryFromTheDealToTheSignature() async throws {
        try await Sale.run { sale in
            let deal = try await sale.deal(try await sale.company(), stage: "won")
            let proposal = try await sale.accepted(deal: deal)
            let id = try await sale.contract(proposal)
            let sent = try await sale.act(
                "contract.send",
                id,
                ["signer_name": "Ada Client", "signer_email": "ada@client.example"]
            )
            #expect(sent["status"] == "sent")
            let signed = try await sale.act("contract.sign", id, Sale.signature(sent))
            #expect(signed["status"] == "signed")
            #expect(signed["total_minor"] == proposal["total_minor"])
            let events = try await sale.service.events().filter {
                ["deal", "proposal", "contract"].contains($0.aggregateType)
            }
            #expect(events.map(\.correlation.description).allSatisfy { $0 == deal })
            let event = try #require(events.last)
            #expect(event.type == "contract.signed")
            #expect(event.activity == .signed)
            let payload = try JSON(parsing: event.payload)
            #expect(payload["billing"]?["anchor_date"] == "2026-12-01")
            #expect(payload["billing"]?["interval_unit"] == "month")
            #expect(payload["data"]?["project_template"]?["tasks"]?.array?.first?["priority"] == "medium")
            #expect(payload["data"]?["deal_id"] == .string(deal))
            #expect(payload["data"]?["starts_on"] == "2026-12-01")
        }
    }

    @Test func leavesEvidenceOfEachActAndNoSignature() async throws {
        try await Sale.run { sale in
            let id = try await sale.contract(
                try await sale.accepted(deal: try await sale.deal(try await sale.company(), stage: "won"))
            )
            let sent = try await sale.act("contract.send", id)
            _ = try await sale.act("contract.sign", id, Sale.signature(sent))
            let acts = try await sale.service.rows("SELECT * FROM signature_act ORDER BY position")
            #expect(
                try (0..<acts.count).map { try acts[$0].text("kind") } == [
                    "opened", "terms_served", "consented", "signed",
                ]
            )
            #expect(try acts[3].text("remote_address") == "192.0.2.1")
            #expect(try acts[3].text("content_sha256") == sent["content_sha256"]?.string)
            #expect(try acts[3].text("signature_sha256").utf8.count == 64)
            let everything = try await sale.service.events().map { String(decoding: $0.payload, as: UTF8.self) }
                .joined()
            #expect(!everything.contains("in her own hand"))
            await #expect(throws: (any Error).self) {
                try await sale.service.database.transaction(.organization(sale.service.organization)) { transaction in
                    _ = try transaction.query("UPDATE signature_act SET remote_address = ''")
                }
            }
        }
    }

    @Test func refusesWhatIsNotSignedProperly() async throws {
        try await Sale.run { sale in
            let deal = try await sale.deal(try await sale.company(), stage: "won")
            let id = try await sale.contract(try await sale.accepted(deal: deal))
            #expect(
                await sale.refusal(
                    "contract.sign",
                    id,
                    Sale.signature(["content_sha256": .string(String(repeating: "0", count: 64))])
                )?.code == .invalidTransition
            )
            let sent = try await sale.act("contract.send", id, ["signer_email": "ada@client.example"])
            var signature = try #require(Sale.signature(sent).object)
            signature["content_sha256"] = .string(String(repeating: "0", count: 64))
            #expect(
                await sale.refusal("contract.sign", id, .object(signature))?.problems.first?.code == "content_mismatch"
            )
            signature = try #require(Sale.signature(sent).object)
            signature["consent"] = false
            #expect(await sale.refusal("contract.sign", id, .object(signature))?.problems.first?.pointer == "/consent")
            signature = try #require(Sale.signature(sent).object)
            signature["signer_email"] = "eve@client.example"
            #expect(
                await sale.refusal("contract.sign", id, .object(signature))?.problems.first?.code == "not_the_signer"
            )
            #expect(try await sale.service.rows("SELECT 1 FROM signature_act").count == 0)
            _ = try await sale.act("contract.sign", id, Sale.signature(sent))
            #expect(await sale.refusal("contract.cancel", id, ["reason": "No."])?.code == .invalidTransition)
            #expect(await sale.refusal("deal.reopen", deal, ["reason": "No."])?.code == .invalidTransition)
        }
    }

    @Test func isMadeOnceFromAnAcceptedProposal() async throws {
        try await Sale.run { sale in
            let deal = try await sale.deal(try await sale.company(), stage: "won")
            let draft = try await sale.proposal(deal: deal)
            let body: JSON = ["title": "Relaunch", "proposal_id": draft["id"] ?? .null]
            #expect(
                await sale.service.refusal("crm.contract.create/1", body: body)?.problems.first?.code
                    == "proposal_not_accepted"
            )
            let accepted = try await sale.accepted(deal: deal)
            let first = try await sale.contract(accepted)
            let again: JSON = ["title": "Relaunch", "proposal_id": accepted["id"] ?? .null]
            #expect(await sale.service.refusal("crm.contract.create/1", body: again)?.code == .conflict)
            _ = try await sale.act("contract.cancel", first, ["reason": "Changed plans."])
            #expect(try await sale.service.json("crm.contract.create/1", body: again)["status"] == "draft")
        }
    }

    @Test func anEditOfWhatWasSentMakesANewVersion() async throws {
        try await Sale.run { sale in
            let id = try await sale.contract(
                try await sale.accepted(deal: try await sale.deal(try await sale.company(), stage: "won"))
            )
            let sent = try await sale.act("contract.send", id)
            let version = try #require(sent["version"]?.int64)
            let edited = try await sale.service.json(
                "crm.contract.change/1",
                ["id": id],
                body: ["terms": "Net 30."],
                ifMatch: version
            )
            #expect(edited["version_number"] == 2)
            #expect(edited["content_sha256"] == .null)
            #expect(
                await sale.refusal("contract.sign", id, Sale.signature(sent))?.problems.first?.code == "packet_not_open"
            )
            let again = try await sale.act("contract.send", id)
            #expect(again["content_sha256"] != sent["content_sha256"])
            #expect(await sale.refusal("contract.sign", id, Sale.signature(sent))?.code == .conflict)
            #expect(try await sale.act("contract.sign", id, Sale.signature(again))["status"] == "signed")
            let versions = try await sale.service.json("crm.contract.versions/1", ["id": id])
            #expect(versions["data"]?.array?.count == 2)
        }
    }

    @Test func keepsItsClientFromBeingDeleted() async throws {
        try await Sale.run { sale in
            let company = try await sale.company()
            let id = try await sale.contract(try await sale.accepted(deal: try await sale.deal(company, stage: "won")))
            let fault = await sale.service.refusal("crm.client_company.delete/1", ["id": company])
            #expect(fault?.code == .conflict)
            #expect(fault?.members["in_the_way"] == [["type": "contract", "id": .string(id)]])
        }
    }

    @Test func expiresAfterTheLastDayToSign() async throws {
        try await Sale.run { sale in
            try await sale.service.receive(
                "organization.created",
                from: "identity",
                payload: ["data": ["time_zone": "UTC", "currency": "USD"]],
                crmHandlers()
            )
            let id = try await sale.contract(
                try await sale.accepted(deal: try await sale.deal(try await sale.company(), stage: "won"))
            )
            let sent = try await sale.act("contract.send", id, ["sign_within_days": 1])
            #expect(sent["sign_until"] == "2026-11-23")
            let end = try #require(Instant("2026-11-24T00:00:00Z"))
            sale.service.clock.set(to: end)
            #expect(await sale.refusal("contract.sign", id, Sale.signature(sent))?.code == .gone)
            #expect(try await ExpirySweep(sale.service.persistence).sweep(now: end) == 1)
            #expect(try await sale.service.json("crm.contract.get/1", ["id": id])["status"] == "expired")
        }
    }
}
