internal import CRMService
internal import Contracts
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ReferenceTests {
    @Test(arguments: ["client_company", "contact", "deal", "proposal", "contract"])
    func `A record is looked after by a member of the organization`(name: String) async throws {
        try await Sale.run { sale in
            let member = try await sale.service.member(in: crmHandlers())
            let company = try await sale.company()
            var body: JSONObject = ["client_company_id": .string(company)]
            switch name {
            case "client_company": body = ["name": "Southwind"]
            case "contact": body["last_name"] = "Client"
            case "deal": body["name"] = "Relaunch"
            case "proposal":
                body["title"] = "Relaunch"
                body["lines"] = Sale.lines
            default:
                body["title"] = "Relaunch"
                body["total_minor"] = 100
            }
            body["owner_id"] = .string(member.description)
            let made = try await sale.service.json("crm.\(name).create/1", body: .object(body))
            #expect(made["owner_id"] == .string(member.description))
            try await sale.service.member("removed", id: member, in: crmHandlers())
            for id in [member, Identifier.random()] {
                body["owner_id"] = .string(id.description)
                let fault = await sale.service.refusal("crm.\(name).create/1", body: .object(body))
                #expect(fault?.code == .validationFailed)
                #expect(fault?.problems.map(\.pointer) == ["/owner_id"])
                #expect(fault?.problems.map(\.code) == ["unknown_reference"])
            }
        }
    }

    @Test func `A contract names a project template that delivery has`() async throws {
        try await Sale.run { sale in
            let template = Identifier.random()
            var body: JSONObject = [
                "client_company_id": .string(try await sale.company()), "title": "Relaunch", "total_minor": 100,
                "project_template_id": .string(template.description),
            ]
            let early = await sale.service.refusal("crm.contract.create/1", body: .object(body))
            #expect(early?.problems.map(\.pointer) == ["/project_template_id"])
            #expect(early?.problems.map(\.code) == ["unknown_reference"])
            for (word, isKnown) in [("created", true), ("deleted", false)] {
                try await sale.service.receive(
                    "project_template.\(word)",
                    from: "delivery",
                    aggregate: template,
                    payload: ["data": ["name": "Portal in a month"]],
                    crmHandlers()
                )
                body["title"] = .string(word)
                if isKnown {
                    let made = try await sale.service.json("crm.contract.create/1", body: .object(body))
                    #expect(made["project_template_id"] == .string(template.description))
                } else {
                    let fault = await sale.service.refusal("crm.contract.create/1", body: .object(body))
                    #expect(fault?.problems.map(\.pointer) == ["/project_template_id"])
                }
            }
        }
    }
}
