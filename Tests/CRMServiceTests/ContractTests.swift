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
            #expect(try await sale.expirySweep().sweep(now: end) == 1)
            #expect(try await sale.service.json("crm.contract.get/1", ["id": id])["status"] == "expired")
        }
    }

    /// The contract went to an address: without it, or with another one, nobody signs, whatever name is given.
    @Test func onlyWhomItWasSentToSigns() async throws {
        try await Sale.run { sale in
            let named = try await sale.sent(["signer_name": "Ada Client", "signer_email": "ada@client.example"])
            var signature = try #require(Sale.signature(named).object)
            signature["signer_email"] = .null
            let unnamed = await sale.refusal("contract.sign", try named.id(), .object(signature))
            #expect(unnamed?.problems.first?.pointer == "/signer_email")
            signature["signer_email"] = "ADA@client.example"
            #expect(try await sale.act("contract.sign", named.id(), .object(signature))["status"] == "signed")

            let byName = try await sale.sent(["signer_name": "Ada Client"])
            signature = try #require(Sale.signature(byName).object)
            signature["signer_name"] = "Eve Client"
            let other = await sale.refusal("contract.sign", try byName.id(), .object(signature))
            #expect(other?.problems.first?.code == "not_the_signer")
            let signed = try await sale.act("contract.sign", byName.id(), Sale.signature(byName))
            #expect(signed["signed_by_email"] == "ada@client.example")
        }
    }

    @Test func showsTheEvidenceOfEachAct() async throws {
        try await Sale.run { sale in
            let sent = try await sale.sent(["signer_email": "ada@client.example"])
            let id = try sent.id()
            var machine = sale.service.caller
            machine.kind = .apiKey
            machine.scopes = ["crm:write"]
            _ = try await sale.service.call(
                "crm.contract.sign/1",
                ["id": id],
                body: Sale.signature(sent),
                key: "sign",
                as: machine
            ) { $0.userAgent = "Pen/1" }
            let evidence = try await sale.service.json("crm.contract.evidence/1", ["id": id])
            #expect(evidence["contract_id"]?.string == id)
            let packet = try #require(evidence["data"]?.array?.first)
            #expect(evidence["data"]?.array?.count == 1)
            #expect(packet["status"] == "completed")
            #expect(packet["contract_version_id"] == sent["current_version_id"])
            #expect(packet["content_sha256"] == sent["content_sha256"])
            let recipient = try #require(packet["recipients"]?.array?.first)
            #expect(recipient["status"] == "signed")
            #expect(recipient["name"] == "Ada Client")
            #expect(recipient["signed_sha256"] == sent["content_sha256"])
            let acts = try #require(packet["acts"]?.array)
            #expect(acts.map { $0["kind"] } == ["opened", "terms_served", "consented", "signed"])
            for act in acts {
                #expect(act["recipient_id"] == recipient["id"])
                #expect(act["contract_version_id"] == sent["current_version_id"])
                #expect(act["content_sha256"] == sent["content_sha256"])
                #expect(act["authentication"] == "api_key")
                #expect(act["remote_address"] == "192.0.2.1")
                #expect(act["user_agent"] == "Pen/1")
                #expect(act["occurred_at"]?.string == sale.service.clock.now.description)
                #expect(act["actor_kind"] == "api_key")
            }
            #expect(acts.dropFirst().allSatisfy { $0["disclosure_version"] == "2026-11" })
            #expect(acts.last?["signature_sha256"]?.string?.utf8.count == 64)
            let nobody = Identifier.random().description
            #expect(await sale.service.refusal("crm.contract.evidence/1", ["id": nobody])?.code == .notFound)
        }
    }

    /// However a packet ends, its recipients' links end with it; the evidence says how.
    @Test func theEndOfAContractEndsItsPacket() async throws {
        try await Sale.run { sale in
            try await sale.service.receive(
                "organization.created",
                from: "identity",
                payload: ["data": ["time_zone": "UTC", "currency": "USD"]],
                crmHandlers()
            )
            let cancelled = try await sale.sent().id()
            _ = try await sale.act("contract.cancel", cancelled, ["reason": "Changed plans."])
            let edited = try await sale.change("contract", try await sale.sent(), ["terms": "Net 30."]).id()
            let late = try await sale.sent(["sign_within_days": 1]).id()
            let end = try #require(Instant("2026-11-24T00:00:00Z"))
            sale.service.clock.set(to: end)
            #expect(try await sale.expirySweep().sweep(now: end) == 1)
            for (id, status) in [(cancelled, "voided"), (edited, "voided"), (late, "expired")] {
                let evidence = try await sale.service.json("crm.contract.evidence/1", ["id": id])
                let packet = try #require(evidence["data"]?.array?.first)
                #expect(packet["status"]?.string == status)
                #expect(packet["recipients"]?.array?.map { $0["status"]?.string } == [status])
            }
        }
    }

    /// Who looks after a contract and whom one talks to is not what is signed.
    @Test(arguments: ["owner_id", "contact_id", "external_id"])
    func whatIsNoContentChangesAtAnyTime(field: String) async throws {
        try await Sale.run { sale in
            let sent = try await sale.sent()
            let id = try sent.id()
            var value = JSON.string("ERP-1")
            if field == "owner_id" { value = .string(try await sale.service.member(in: crmHandlers()).description) }
            if field == "contact_id" { value = .string(try await sale.contact(of: sent)) }
            let changed = try await sale.change("contract", sent, .object([field: value]))
            #expect(changed[field] == value)
            #expect(changed["version_number"] == 1)
            #expect(changed["content_sha256"] == sent["content_sha256"])
            let signed = try await sale.act("contract.sign", id, Sale.signature(sent))
            let again = try await sale.change("contract", signed, .object([field: .null]))
            #expect(again[field] == .null)
            #expect(again["status"] == "signed")
        }
    }

    /// Everything else that a patch takes is what is signed: it makes a version, and no more once it is signed.
    @Test(
        arguments: [
            ["title": "Other"], ["terms": "Net 30."], ["starts_on": "2027-01-01"], ["ends_on": "2027-12-31"],
            ["billing": .null],
            ["project_template": .null],
            ["project_template": .null, "project_template_id": "00000000-0000-4000-8000-00000000beef"],
            ["external_id": "ERP-1", "terms": "Net 30."],
        ] as [JSON]
    )
    func whatIsContentMakesAVersion(change: JSON) async throws {
        try await Sale.run { sale in
            if let template = change["project_template_id"]?.string.flatMap(Identifier.init(_:)) {
                try await sale.template(template)
            }
            let sent = try await sale.sent()
            let id = try sent.id()
            let changed = try await sale.change("contract", sent, change)
            #expect(changed["version_number"] == 2)
            #expect(changed["content_sha256"] == .null)
            let again = try await sale.act("contract.send", id)
            let signed = try await sale.act("contract.sign", id, Sale.signature(again))
            let refusal = await sale.service.refusal(
                "crm.contract.change/1",
                ["id": id],
                body: change,
                ifMatch: signed["version"]?.int64
            )
            #expect(refusal?.problems.first?.code == "contract_closed")
        }
    }
}
