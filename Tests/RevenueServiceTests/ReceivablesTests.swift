internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueService
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ReceivablesTests {
    @Test func anInvoiceBecomesOverdueOnceForItsDueDate() async throws {
        try await Fixture.run(zone: try #require(Zone("Pacific/Auckland"))) { fixture in
            let id = try await fixture.finalized(1_000, due: "2026-11-23").text("id")
            let partly = try await fixture.finalized(1_000, due: "2026-11-23").text("id")
            let paid = try await fixture.finalized(500, due: "2026-11-23").text("id")
            _ = try await fixture.pay(900, [(partly, 400), (paid, 500)])
            // In Auckland the 24th begins at 11:00 UTC of the 23rd.
            let before = try #require(Instant("2026-11-23T10:59:59Z"))
            let after = try #require(Instant("2026-11-23T11:00:00Z"))
            #expect(try await fixture.overdueSweep.sweep(now: before) == 0)
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await fixture.overdueSweep.sweep(now: after) } }
                return try await group.reduce(0, +)
            }
            #expect(counts == 2)
            #expect(try await fixture.overdueSweep.sweep(now: after.advanced(bySeconds: 86_400)) == 0)
            let invoice = try await fixture.invoice(id)
            #expect(invoice["status"] == "overdue")
            #expect(invoice["is_overdue"] == true)
            #expect(invoice["overdue_since"] == "2026-11-24")
            #expect(try await fixture.invoice(partly)["payment_state"] == "partial")
            #expect(try await fixture.invoice(paid)["status"] == "paid")
            #expect(try await fixture.types("invoice.overdue").count == 2)
            let event = try #require(try await fixture.service.events("invoice.overdue").first)
            #expect(event.actor == Revenue.actor)
            #expect(event.correlation == fixture.story)
            // Paid and reversed, it is overdue again without a second event.
            let payment = try await fixture.pay(1_000, [(id, 1_000)]).text("id")
            #expect(try await fixture.invoice(id)["is_overdue"] == false)
            _ = try await fixture.service.json(
                "revenue.payment.reverse/1",
                ["id": payment],
                body: ["reason": "Bounced."],
                key: "b"
            )
            #expect(try await fixture.invoice(id)["status"] == "overdue")
            #expect(try await fixture.overdueSweep.sweep(now: after) == 0)
            let list = try await fixture.service.json("revenue.invoice.list/1", ["status": "overdue"])
            #expect(try list.list("data").count == 2)
        }
    }

    @Test func everyFigureOfTheAgeingReportIsTheSumOfItsRows() async throws {
        try await Fixture.run { fixture in
            var random = Randomness(state: 7)
            let today = try #require(LocalDate("2026-11-22"))
            for currency in ["USD", "EUR"] {
                for days in [-10, 0, 1, 30, 31, 60, 61, 90, 91, 200] {
                    let amount = Int64.random(in: 1...99_999, using: &random)
                    _ = try await fixture.finalized(
                        amount,
                        due: today.adding(days: -days).description,
                        currency: currency
                    )
                }
            }
            let paid = try await fixture.finalized(700).text("id")
            _ = try await fixture.pay(700, [(paid, 700)])
            _ = try await fixture.draft([Fixture.line(5)])
            let report = try await fixture.service.json("revenue.report.ageing/1")
            #expect(report["as_of"] == "2026-11-22")
            #expect(report["has_more"] == false)
            let rows = try report.list("rows")
            #expect(rows.map { $0["currency"]?.string } == ["EUR", "USD"])
            for row in rows {
                #expect(row["client_name"] == "Northwind")
                var total: Int64 = 0
                for bucket in ["current", "days_1_30", "days_31_60", "days_61_90", "over_90"] {
                    let invoices = try await Self.drillDown(
                        fixture,
                        ["currency": try row.text("currency"), "bucket": bucket]
                    )
                    #expect(invoices.count == 2)
                    let sum = try invoices.map { try $0.int("balance_minor") }.reduce(0, +)
                    #expect(try row.int("\(bucket)_minor") == sum)
                    #expect(invoices.allSatisfy { $0["bucket"]?.string == bucket })
                    total += sum
                }
                #expect(try row.int("total_minor") == total)
                #expect(row["invoices"] == 10)
            }
            #expect(
                try report.list("totals").map { try $0.int("total_minor") } == rows.map { try $0.int("total_minor") }
            )
        }
    }

    /// Every page of the invoices behind a figure, two at a time.
    private static func drillDown(_ fixture: Fixture, _ filters: [String: String]) async throws -> [JSON] {
        var found: [JSON] = []
        var parameters = filters
        parameters["limit"] = "1"
        while true {
            let page = try await fixture.service.json("revenue.report.ageing_invoices/1", parameters)
            found += try page.list("data")
            guard let next = page["next_cursor"]?.string else { return found }
            parameters["cursor"] = next
        }
    }

    @Test func aRequestWaitsForTheClientThatItNames() async throws {
        try await Fixture.run { fixture in
            let late = Identifier.random()
            let persistence = fixture.service.persistence.catchingUp { producer, _ in
                #expect(producer == "crm")
                // What the consumer does meanwhile.
                return (try? await fixture.tell("client_company.created", "crm", late, ["name": "Late"])) != nil
            }
            let router = Revenue(persistence).router()
            let context = CallContext(
                member: fixture.service.caller,
                requestID: Identifier.random(),
                now: fixture.service.clock.now
            )
            let body: JSON = ["client_company_id": .string(late.description), "lines": [Fixture.line(100)]]
            let reply = try await router.reply(
                to: "revenue.invoice.create/1",
                parameters: [],
                body: body.bytes,
                context: context
            )
            #expect(reply.status == 201)
        }
    }

    @Test func anOlderEventNeverOverwritesACopy() async throws {
        try await Fixture.run { fixture in
            let handlers = fixture.revenue.handlers
            for (version, name) in [(Int64(3), "Newest"), (2, "Older")] {
                try await fixture.service.receive(
                    "client_company.updated",
                    from: "crm",
                    aggregate: fixture.client,
                    version: version,
                    payload: ["data": ["name": .string(name)]],
                    handlers
                )
            }
            _ = try await fixture.finalized(100)
            let report = try await fixture.service.json("revenue.report.ageing/1")
            #expect(try report.list("rows")[0]["client_name"] == "Newest")
            try await fixture.service.receive(
                "client_company.deleted",
                from: "crm",
                aggregate: fixture.client,
                version: 3,
                payload: ["data": ["name": "Newest"]],
                handlers
            )
            let refused = await fixture.service.refusal(
                "revenue.invoice.create/1",
                body: ["client_company_id": .string(fixture.client.description)]
            )
            #expect(refused?.problems.first?.code == "unknown_reference")
        }
    }

    @Test func theAgeingReportOfVeryManyClientsShowsSomeAndCountsAll() async throws {
        try await Fixture.run { fixture in
            let organization = fixture.service.caller.organization
            try await fixture.service.database.transaction(.organization(organization)) { transaction in
                _ = try transaction.query(
                    """
                    INSERT INTO invoice (organization_id, id, client_company_id, currency, payment_terms_days, subtotal_minor,
                        discount_minor, net_minor, tax_minor, total_minor, finalized_at, number, issue_on, due_on, correlation_id, created_at, updated_at)
                    SELECT $1, gen_random_uuid(), gen_random_uuid(), 'USD', 0, 10, 0, 10, 0, 10, now(), n::text, '2026-11-01', '2026-11-01',
                        gen_random_uuid(), now(), now() FROM generate_series(1, 2500) AS n
                    """,
                    [.uuid(organization)]
                )
            }
            let reply = try await fixture.service.call("revenue.report.ageing/1")
            #expect(reply.body.count < Reply.bytesEnough + 64 * 1_024)
            let report = try JSON(parsing: reply.body)
            #expect(report["has_more"] == true)
            #expect(try report.list("rows").count < 2_500)
            #expect(try report.list("totals")[0]["total_minor"] == 25_000)
            #expect(try report.list("totals")[0]["invoices"] == 2_500)
        }
    }
}
