internal import Contracts
internal import EventLog
internal import Postgres
internal import RevenueService
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct MilestoneTests {
    private static func begin(_ fixture: Fixture, _ more: JSONObject = [:]) async throws -> [EventRecord] {
        var row = fixture.engagementRow.object ?? [:]
        row["contract_id"] = .string(Identifier.random().description)
        var billing: JSONObject = [
            "currency": "EUR", "kind": "milestone", "tax_rate": "0.19", "payment_terms_days": 30,
        ]
        for member in more.members { billing[member.key] = member.value }
        return try await fixture.service.receive(
            "engagement.activated",
            from: "delivery",
            aggregate: fixture.engagement,
            version: 2,
            payload: ["data": .object(row), "billing": .object(billing)],
            correlation: fixture.story,
            fixture.revenue.handlers
        )
    }

    private static func complete(
        _ milestone: Identifier,
        _ fixture: Fixture,
        amount: Int64? = 480_000
    ) async throws -> [EventRecord] {
        try await fixture.service.receive(
            "milestone.completed",
            from: "delivery",
            aggregate: milestone,
            version: 2,
            payload: [
                "data": [
                    "engagement_id": .string(fixture.engagement.description), "name": "First release",
                    "amount_minor": amount.map(JSON.int) ?? .null, "currency": "EUR",
                ]
            ],
            correlation: fixture.story,
            engagement: fixture.engagement,
            fixture.revenue.handlers
        )
    }

    @Test func itsCompletionDraftsItsInvoiceOnce() async throws {
        try await Fixture.run { fixture in
            #expect(try await Self.begin(fixture).isEmpty)
            let schedules = try await fixture.service.json("revenue.invoice_schedule.list/1").list("data")
            #expect(schedules.isEmpty)
            let milestone = Identifier.random()
            let caused = try await Self.complete(milestone, fixture)
            #expect(caused.map(\.type) == ["invoice.created"])
            #expect(caused.allSatisfy { $0.correlation == fixture.story && $0.engagement == fixture.engagement })
            #expect(try await Self.complete(milestone, fixture).isEmpty)
            let invoices = try await fixture.service.json(
                "revenue.invoice.list/1",
                ["milestone_id": milestone.description]
            ).list("data")
            let invoice = try #require(invoices.first)
            #expect(invoices.count == 1)
            #expect(invoice["status"] == "draft" && invoice["currency"] == "EUR")
            #expect(invoice["client_company_id"] == .string(fixture.client.description))
            #expect(invoice["payment_terms_days"] == 30)
            #expect(try invoice.list("lines").map { $0["description"] } == ["First release"])
            // 4,800.00 is what is owed; the tax is contained in it.
            #expect(invoice["total_minor"] == 480_000)
            #expect(invoice["net_minor"] == 403_361 && invoice["tax_minor"] == 76_639)
            let explained = try await fixture.service.json("revenue.invoice.explain/1", ["id": try invoice.text("id")])
            #expect(explained["agrees"] == true)
            #expect(explained["source"]?["kind"] == "milestone")
            #expect(explained["source"]?["milestone_id"] == .string(milestone.description))
            // A draft that somebody deletes is not made again.
            _ = try await fixture.service.call("revenue.invoice.delete/1", ["id": try invoice.text("id")])
            #expect(try await Self.complete(milestone, fixture).isEmpty)
        }
    }

    @Test(arguments: [("finalize", ["created", "finalized"]), ("send", ["created", "finalized", "sent"])])
    func goesAsFarAsTheContractSays(auto: String, steps: [String]) async throws {
        try await Fixture.run { fixture in
            _ = try await Self.begin(fixture, ["auto": .string(auto)])
            let caused = try await Self.complete(Identifier.random(), fixture)
            #expect(caused.map(\.type) == steps.map { "invoice.\($0)" })
        }
    }

    @Test(arguments: [nil, 0] as [Int64?])
    func aMilestoneWithoutAnAmountBillsNothing(amount: Int64?) async throws {
        try await Fixture.run { fixture in
            _ = try await Self.begin(fixture)
            #expect(try await Self.complete(Identifier.random(), fixture, amount: amount).isEmpty)
        }
    }

    /// A retainer is billed by its schedule; what its milestones are worth is not billed beside it.
    @Test func aContractThatBillsOtherwiseIsNotBilledByMilestones() async throws {
        try await Fixture.run { fixture in
            let made = try await Self.begin(
                fixture,
                [
                    "kind": "recurring", "tax_rate": .null, "anchor_date": "2027-01-01", "lines": [Fixture.line(1_000)],
                ]
            )
            #expect(made.map(\.type) == ["invoice_schedule.created"])
            #expect(try await Self.complete(Identifier.random(), fixture).isEmpty)
        }
    }

    @Test func anotherOrganizationsMilestoneIsAnother() async throws {
        try await Fixture.run { fixture in
            _ = try await Self.begin(fixture)
            _ = try await Self.complete(Identifier.random(), fixture)
            let seen = try await fixture.service.json("revenue.invoice.list/1", as: fixture.service.stranger)
            #expect(try seen.list("data").isEmpty)
        }
    }
}
