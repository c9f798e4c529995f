internal import CRMService
internal import Contracts
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

/// What a proposal or a contract takes over from its deal or its proposal, also while others are at it.
@Suite struct OfferTests {
    /// A new offer in a deal, which says of its client and its contact nothing but `members`.
    private static func body(_ name: String, deal: String, _ members: JSONObject = [:]) -> JSON {
        var body = members
        body["title"] = "Relaunch"
        body["deal_id"] = .string(deal)
        if name == "proposal" { body["lines"] = Sale.lines } else { body["total_minor"] = 100 }
        return .object(body)
    }

    /// A deal with somebody at its client.
    private static func deal(_ sale: Sale) async throws -> (id: String, company: String, contact: String) {
        let company = try await sale.company()
        let contact = try await sale.contact(of: ["client_company_id": .string(company)])
        let deal = try await sale.service.json(
            "crm.deal.create/1",
            body: ["name": "Relaunch", "client_company_id": .string(company), "contact_id": .string(contact)]
        )
        return (try deal.id(), company, contact)
    }

    // MARK: - What is taken over

    @Test(arguments: ["proposal", "contract"])
    func `An offer takes over its deal's contact while that is there`(name: String) async throws {
        try await Sale.run { sale in
            let deal = try await Self.deal(sale)
            let body = Self.body(name, deal: deal.id)
            let early = try await sale.service.json("crm.\(name).create/1", body: body)
            #expect(early["contact_id"] == .string(deal.contact))
            #expect(early["client_company_id"] == .string(deal.company))

            _ = try await sale.service.call("crm.contact.delete/1", ["id": deal.contact])
            let late = try await sale.service.json("crm.\(name).create/1", body: body)
            #expect(late["contact_id"] == .null)
            #expect(late["client_company_id"] == .string(deal.company))
            let named = Self.body(name, deal: deal.id, ["contact_id": .string(deal.contact)])
            let fault = await sale.service.refusal("crm.\(name).create/1", body: named)
            #expect(fault?.problems.map(\.pointer) == ["/contact_id"])
            #expect(fault?.problems.map(\.code) == ["unknown_reference"])

            let events = try await sale.service.events("\(name).created")
            #expect(events.map(\.correlation.description) == [deal.id, deal.id])
        }
    }

    @Test func `A contract takes over its proposal's contact while that is there`() async throws {
        try await Sale.run { sale in
            let deal = try await Self.deal(sale)
            let accepted = try await sale.accepted(deal: deal.id)
            #expect(accepted["contact_id"] == .string(deal.contact))
            _ = try await sale.service.call("crm.contact.delete/1", ["id": deal.contact])
            let contract = try await sale.service.json("crm.contract.get/1", ["id": sale.contract(accepted)])
            #expect(contract["contact_id"] == .null)
            #expect(contract["client_company_id"] == .string(deal.company))
            #expect(contract["deal_id"] == .string(deal.id))
        }
    }

    @Test(arguments: ["proposal", "contract"])
    func `A lost or deleted deal takes no offer`(name: String) async throws {
        try await Sale.run { sale in
            let deal = try await Self.deal(sale)
            let body = Self.body(name, deal: deal.id)
            _ = try await sale.act("deal.lose", deal.id, ["lost_reason": "price"])
            let lost = await sale.service.refusal("crm.\(name).create/1", body: body)
            #expect(lost?.problems.map(\.code) == ["deal_lost"])
            _ = try await sale.service.call("crm.deal.delete/1", ["id": deal.id])
            let deleted = await sale.service.refusal("crm.\(name).create/1", body: body)
            #expect(deleted?.problems.map(\.pointer) == ["/deal_id"])
            #expect(deleted?.problems.map(\.code) == ["unknown_reference"])
        }
    }

    // MARK: - At the same moment

    @Test func `Many at once make one contract of a proposal, and the others hear that it is taken`() async throws {
        try await Sale.run(connections: 8) { sale in
            let deal = try await sale.deal(try await sale.company(), stage: "won")
            let proposal = try await sale.accepted(deal: deal)
            let body: JSON = ["title": "Relaunch", "proposal_id": proposal["id"] ?? .null]
            let faults = await withTaskGroup(of: Fault?.self) { group in
                for number in 0..<24 {
                    group.addTask {
                        do throws(Fault) {
                            _ = try await sale.service.call("crm.contract.create/1", body: body, key: "key-\(number)")
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [Fault?]()) { $0.append($1) }
            }
            let refused = faults.compactMap { $0 }
            #expect(refused.count == 23)
            #expect(refused.allSatisfy { $0.problems.map(\.pointer) == ["/proposal_id"] })
            #expect(refused.allSatisfy { $0.problems.map(\.code) == ["taken"] })
            #expect(try await sale.service.events("contract.created").count == 1)
        }
    }

    @Test func `Many at once with one key make one contract, and all read the same`() async throws {
        try await Sale.run(connections: 8) { sale in
            let deal = try await sale.deal(try await sale.company(), stage: "won")
            let proposal = try await sale.accepted(deal: deal)
            let body: JSON = ["title": "Relaunch", "proposal_id": proposal["id"] ?? .null]
            let answers = await withTaskGroup(of: [UInt8]?.self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        try? await sale.service.call("crm.contract.create/1", body: body, key: "one").body
                    }
                }
                return await group.reduce(into: [[UInt8]?]()) { $0.append($1) }
            }
            #expect(answers.count == 24)
            #expect(Set(answers).count == 1)
            #expect(answers[0] != nil)
            #expect(try await sale.service.events("contract.created").count == 1)
        }
    }

    private static let lock: SQL =
        "SELECT id FROM client_company WHERE organization_id = $1 AND id = $2 FOR UPDATE"

    /// What the deletion of a company does after it has locked it, as far as its deals are concerned.
    private static let deletion: [SQL] = [
        "SELECT id FROM deal WHERE organization_id = $1 AND client_company_id = $2 FOR UPDATE",
        "UPDATE deal SET deleted_at = now() WHERE organization_id = $1 AND client_company_id = $2",
        "UPDATE client_company SET deleted_at = now() WHERE organization_id = $1 AND id = $2",
    ]

    /// A deletion goes from the company to its deals. Who makes an offer in one of them waits at the company, which
    /// only the deal names, and holds nothing that the deletion needs.
    @Test(arguments: ["proposal", "contract"])
    func `An offer waits for the deletion of its deal's company, and is refused`(name: String) async throws {
        try await Sale.run(connections: 4) { sale in
            let deal = try await Self.deal(sale)
            let body = Self.body(name, deal: deal.id)
            let organization = sale.service.organization
            let company = try #require(Identifier(deal.company))
            let hasWaited = try await sale.service.meeting(
                { transaction in _ = try transaction.query(Self.lock, [.uuid(organization), .uuid(company)]) },
                last: { transaction in
                    for statement in Self.deletion {
                        _ = try transaction.query(statement, [.uuid(organization), .uuid(company)])
                    }
                },
                {
                    let fault = await sale.service.refusal("crm.\(name).create/1", body: body)
                    #expect(fault?.problems.map(\.code).contains("unknown_reference") == true)
                    #expect(fault?.problems.first?.pointer == "/client_company_id")
                }
            )
            #expect(hasWaited)
            #expect(try await sale.service.events("\(name).created").isEmpty)
        }
    }
}
