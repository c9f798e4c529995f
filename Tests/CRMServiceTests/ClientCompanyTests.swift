internal import CRMService
internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ClientCompanyTests {
    @Test func isBilledInTheOrganizationsCurrencyUnlessItSaysOtherwise() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            let firm = Caller.test(currency: try #require(Currency("CHF")))
            let own = try await service.json("crm.client_company.create/1", body: ["name": "Acme"], as: firm)
            #expect(own["currency"] == "CHF")
            let other = try await service.json(
                "crm.client_company.create/1",
                body: ["name": "Northwind", "currency": "EUR"],
                as: firm
            )
            #expect(other["currency"] == "EUR")
            let batch = try await service.json(
                "crm.client_company.batch/1",
                body: ["mode": "atomic", "rows": [["name": "A"], ["name": "B", "currency": "USD"]]],
                as: firm
            )
            #expect(batch["results"]?.array?.map { $0["object"]?["currency"] } == ["CHF", "USD"])
            // A change of something else leaves it alone.
            let renamed = try await service.json(
                "crm.client_company.change/1",
                ["id": try #require(own["id"]?.string)],
                body: ["name": "Acme & Co"],
                ifMatch: 1,
                as: firm
            )
            #expect(renamed["currency"] == "CHF")
        }
    }

    @Test func hasANameThatCanBeSeen() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            let fault = await service.refusal("crm.client_company.create/1", body: ["name": " \u{200b}"])
            #expect(fault?.problems.map(\.pointer) == ["/name"])
            #expect(fault?.problems.map(\.code) == ["blank"])
            let kept = try await service.json("crm.client_company.create/1", body: ["name": "  Acme "])
            #expect(kept["name"] == "Acme")
            let found = try await service.json("crm.client_company.list/1", ["name": "Acme  "])
            #expect(found["data"]?.array?.count == 1)
        }
    }
}
