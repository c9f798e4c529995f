internal import CRMService
internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct DealMovesTests {
    @Test func movesADealFromLeadToWon() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            let company = try await service.json("crm.client_company.create/1", body: ["name": "Northwind"])
            let created = try await service.call(
                "crm.deal.create/1",
                body: ["name": "Relaunch", "amount_minor": 120_000, "client_company_id": company["id"] ?? .null]
            )
            #expect(created.status == 201)
            #expect(created.etag == 1)
            let deal = try JSON(parsing: created.body)
            let id = try #require(deal["id"]?.string)
            #expect(created.location == "/v1/deals/\(id)")
            #expect(deal["stage"] == "lead")
            #expect(deal["probability"] == 10)
            for (version, (stage, probability)) in [
                ("qualified", 20), ("proposal", 50), ("negotiation", 80), ("won", 100),
            ].enumerated() {
                let moved = try await service.call("crm.deal.advance/1", ["id": id], body: ["stage": .string(stage)])
                let after = try JSON(parsing: moved.body)
                #expect(after["stage"] == .string(stage))
                #expect(after["probability"] == .int(Int64(probability)))
                #expect(moved.etag == Int64(version) + 2)
            }
            let list = try await service.json("crm.deal.list/1", ["stage": "won"])
            #expect(list["data"]?.array?.count == 1)
            let events = try await service.events().filter { $0.aggregateType == "deal" }
            #expect(
                events.map(\.type) == ["deal.created", "deal.advanced", "deal.advanced", "deal.advanced", "deal.won"]
            )
            #expect(events.allSatisfy { $0.correlation.description == id })
            let last = try JSON(parsing: try #require(events.last).payload)
            #expect(last["data"]?["stage"] == "won")
            #expect(last["previous"]?["stage"] == "negotiation")
            for field in ["amount_minor", "client_company_id"] {
                let kept = await service.refusal("crm.deal.change/1", ["id": id], body: [field: .null], ifMatch: 5)
                #expect(kept?.problems.map(\.pointer) == ["/\(field)"])
            }
        }
    }

    @Test func refusesToSkipAStage() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            let id = try await service.json("crm.deal.create/1", body: ["name": "Relaunch"])["id"]?.string ?? ""
            let fault = await service.refusal("crm.deal.advance/1", ["id": id], body: ["stage": "negotiation"])
            #expect(fault?.code == .invalidTransition)
            #expect(fault?.members["from"] == "lead")
            #expect(fault?.members["allowed"] == ["qualified"])
        }
    }

    @Test func winsOnlyWithAnAmountAndACompany() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            let id =
                try await service.json("crm.deal.create/1", body: ["name": "Relaunch", "stage": "negotiation"])["id"]?
                .string ?? ""
            let fault = await service.refusal("crm.deal.advance/1", ["id": id], body: ["stage": "won"])
            #expect(fault?.code == .validationFailed)
            #expect(fault?.problems.map(\.pointer) == ["/amount_minor"])
        }
    }

    @Test func losesAndReopensWhereItWasLost() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            let id =
                try await service.json("crm.deal.create/1", body: ["name": "Relaunch", "stage": "proposal"])["id"]?
                .string ?? ""
            let lost = try await service.json("crm.deal.lose/1", ["id": id], body: ["lost_reason": "price"])
            #expect(lost["stage"] == "lost")
            #expect(lost["probability"] == 0)
            let reopened = try await service.json(
                "crm.deal.reopen/1",
                ["id": id],
                body: ["reason": "They found a budget."]
            )
            #expect(reopened["stage"] == "proposal")
            #expect(reopened["lost_reason"] == .null)
        }
    }

    @Test func isNotThereForAnotherOrganization() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            let id = try await service.json("crm.deal.create/1", body: ["name": "Relaunch"])["id"]?.string ?? ""
            for operation in ["crm.deal.get/1", "crm.deal.delete/1"] {
                let foreign = await service.refusal(operation, ["id": id], as: service.stranger)
                let random = await service.refusal(
                    operation,
                    ["id": Identifier.random().description],
                    as: service.stranger
                )
                #expect(foreign?.code == .notFound)
                #expect(foreign == random)
            }
        }
    }
}
