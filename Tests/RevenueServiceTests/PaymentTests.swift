internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct PaymentTests {
    @Test func fortyAtOnceWithOneKeyAreOnePayment() async throws {
        try await Fixture.run(connections: 8) { fixture in
            let id = try await fixture.finalized(10_000).text("id")
            let body = fixture.payment(10_000, [(id, 10_000)], ["external_reference": "BANK-1"])
            let answers = await withTaskGroup(of: [UInt8]?.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try? await fixture.service.call("revenue.payment.create/1", body: body, key: "one").body
                    }
                }
                return await group.reduce(into: [[UInt8]?]()) { $0.append($1) }
            }
            #expect(answers.count == 40)
            #expect(Set(answers).count == 1)
            #expect(answers[0] != nil)
            #expect(try await fixture.service.json("revenue.payment.list/1").list("data").count == 1)
            #expect(try await fixture.types("payment.") == ["payment.recorded"])
            #expect(try await fixture.invoice(id)["paid_minor"] == 10_000)
        }
    }

    @Test func settlesSeveralInvoicesAndKeepsTheRestAsCredit() async throws {
        try await Fixture.run { fixture in
            let first = try await fixture.finalized(3_000).text("id")
            let second = try await fixture.finalized(4_000).text("id")
            let payment = try await fixture.pay(10_000, [(second, 1_500), (first, 3_000)])
            #expect(payment["unapplied_minor"] == 5_500)
            #expect(try payment.list("allocations").map { try $0.text("invoice_id") } == [first, second].sorted())
            #expect(payment["engagement_id"]?.string == fixture.engagement.description)
            #expect(try await fixture.invoice(first)["status"] == "paid")
            #expect(try await fixture.invoice(second)["balance_minor"] == 2_500)
            #expect(try await fixture.unapplied() == 5_500)
            #expect(Set(try await fixture.types("invoice.").suffix(2)) == ["invoice.paid", "invoice.partially_paid"])
            let recorded = try #require(try await fixture.service.events("payment.recorded").first)
            let paid = try #require(try await fixture.service.events("invoice.paid").first)
            #expect(paid.causation == recorded.id)
        }
    }

    @Test func settlesTheOldestFirst() async throws {
        try await Fixture.run { fixture in
            let late = try await fixture.finalized(1_000, due: "2026-12-31").text("id")
            let early = try await fixture.finalized(1_000, due: "2026-10-31").text("id")
            let foreign = try await fixture.finalized(1_000, due: "2026-09-30", currency: "EUR").text("id")
            let payment = try await fixture.pay(1_400, [], ["allocation": "oldest_due_first"])
            #expect(payment["unapplied_minor"] == 0)
            #expect(try await fixture.invoice(early)["status"] == "paid")
            #expect(try await fixture.invoice(late)["paid_minor"] == 400)
            #expect(try await fixture.invoice(foreign)["paid_minor"] == 0)
        }
    }

    @Test func refusesWhatDoesNotAddUp() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.finalized(1_000).text("id")
            let euros = try await fixture.finalized(1_000, currency: "EUR").text("id")
            let draft = try await fixture.draft([Fixture.line(1_000)]).text("id")
            let cases: [(JSON, String)] = [
                (fixture.payment(2_000, [(id, 1_001)]), "exceeds_balance"),
                (fixture.payment(500, [(id, 501)]), "exceeds_payment"),
                (fixture.payment(500, [(euros, 500)]), "currency_mismatch"),
                (fixture.payment(500, [(draft, 500)]), "not_payable"),
                (fixture.payment(500, [(id, 100), (id, 100)]), "duplicate"),
                (fixture.payment(0, []), "out_of_range"),
                (fixture.payment(5, [(id, 5)], ["allocation": "oldest_due_first"]), "not_explicit"),
                (
                    fixture.payment(5, [], ["client_company_id": .string(Identifier.random().description)]),
                    "unknown_reference"
                ),
            ]
            for (index, (body, code)) in cases.enumerated() {
                let fault = await fixture.service.refusal("revenue.payment.create/1", body: body, key: "case \(index)")
                #expect(fault?.problems.first?.code == code)
            }
            _ = try await fixture.pay(10, [(id, 10)], ["external_reference": "R"])
            let twice = await fixture.service.refusal(
                "revenue.payment.create/1",
                body: fixture.payment(10, [(id, 10)], ["external_reference": "R"]),
                key: "again"
            )
            #expect(twice?.code == .conflict)
            #expect(twice?.problems.first?.pointer == "/external_reference")
            #expect(try await fixture.invoice(id)["paid_minor"] == 10)
        }
    }

    @Test func reversesByARowOfItsOwn() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.finalized(1_000).text("id")
            let payment = try await fixture.pay(1_500, [(id, 1_000)])
            let paymentID = try payment.text("id")
            let reversed = try await fixture.service.call(
                "revenue.payment.reverse/1",
                ["id": paymentID],
                body: ["reason": "Wrong client."],
                key: "r",
                ifMatch: 1
            )
            let after = try JSON(parsing: reversed.body)
            #expect(reversed.etag == 2)
            let reversal = try await fixture.service.json(
                "revenue.payment.get/1",
                ["id": try after.text("reversed_by_id")]
            )
            #expect(reversal["amount_minor"] == -1_500)
            #expect(reversal["unapplied_minor"] == -500)
            #expect(reversal["reverses_payment_id"]?.string == paymentID)
            #expect(after["amount_minor"] == 1_500)
            #expect(try await fixture.unapplied() == 0)
            let invoice = try await fixture.invoice(id)
            #expect(invoice["status"] == "sent")
            #expect(invoice["balance_minor"] == 1_000)
            let again = await fixture.service.refusal(
                "revenue.payment.reverse/1",
                ["id": paymentID],
                body: ["reason": "Again."],
                key: "r2"
            )
            #expect(again?.problems.first?.code == "already_reversed")
            let undone = await fixture.service.refusal(
                "revenue.payment.reverse/1",
                ["id": try reversal.text("id")],
                body: ["reason": "Undo."],
                key: "r3"
            )
            #expect(undone?.problems.first?.code == "is_reversal")
            #expect(try await fixture.types("payment.") == ["payment.recorded", "payment.reversed"])
            #expect(try await fixture.types("invoice.").last == "invoice.payment_reversed")
        }
    }

    @Test func creditSettlesInvoicesAndIsReleasedAgain() async throws {
        try await Fixture.run { fixture in
            let source = try await fixture.pay(1_000, []).text("id")
            let id = try await fixture.finalized(700).text("id")
            let balance = try #require(
                try await fixture.service.json("revenue.client_balance.list/1").list("data").first
            )
            let balanceID = try balance.text("id")
            #expect(balance["receivable_minor"] == 700)
            let tooMuch = await fixture.service.refusal(
                "revenue.client_balance.apply/1",
                ["id": balanceID],
                body: ["amount_minor": 1_001],
                key: "much"
            )
            #expect(tooMuch?.problems.first?.code == "exceeds_credit")
            let applied = try await fixture.service.json(
                "revenue.client_balance.apply/1",
                ["id": balanceID],
                body: ["allocation": "oldest_due_first"],
                key: "apply"
            )
            #expect(applied["amount_minor"] == 0)
            #expect(applied["unapplied_minor"] == -700)
            #expect(try await fixture.unapplied() == 300)
            #expect(try await fixture.invoice(id)["status"] == "paid")
            let used = await fixture.service.refusal(
                "revenue.payment.reverse/1",
                ["id": source],
                body: ["reason": "Bounced."],
                key: "source"
            )
            #expect(used?.problems.first?.code == "credit_used")
            _ = try await fixture.service.json(
                "revenue.payment.reverse/1",
                ["id": try applied.text("id")],
                body: ["reason": "Release."],
                key: "release"
            )
            #expect(try await fixture.unapplied() == 1_000)
            #expect(try await fixture.invoice(id)["balance_minor"] == 700)
            _ = try await fixture.service.json(
                "revenue.payment.reverse/1",
                ["id": source],
                body: ["reason": "Bounced."],
                key: "source 2"
            )
            #expect(try await fixture.unapplied() == 0)
        }
    }

    @Test func manyAtOnceNeverPayAnInvoiceTwiceOver() async throws {
        try await Fixture.run(connections: 8) { fixture in
            var ids: [String] = []
            for _ in 0..<4 { ids.append(try await fixture.finalized(1_000).text("id")) }
            let invoices = ids
            await withTaskGroup(of: Void.self) { group in
                for index in 0..<24 {
                    // Each names two invoices, in either order: the service takes their locks in one.
                    let (one, other) = (invoices[index % 4], invoices[(index + 1 + index % 3) % 4])
                    group.addTask {
                        _ = try? await fixture.service.call(
                            "revenue.payment.create/1",
                            body: fixture.payment(300, [(one, 150), (other, 150)]),
                            key: "parallel \(index)"
                        )
                    }
                }
            }
            let sums = try await fixture.service.rows(
                """
                SELECT (SELECT sum(paid_minor) FROM invoice)::bigint AS paid, (SELECT sum(amount_minor) FROM payment_allocation)::bigint AS allocated,
                    (SELECT sum(amount_minor - unapplied_minor) FROM payment)::bigint AS applied, (SELECT max(paid_minor) FROM invoice) AS most
                """
            )[0]
            #expect(try sums.int("paid") == sums.int("allocated"))
            #expect(try sums.int("paid") == sums.int("applied"))
            #expect(try sums.int("most") <= 1_000)
            #expect(try sums.int("paid") >= 3_000)
        }
    }

    @Test func theServiceItselfCannotChangeAPayment() async throws {
        try await Fixture.run { fixture in
            _ = try await fixture.pay(100, [])
            await #expect(throws: SQLFault.self) {
                try await fixture.service.database.transaction(.organization(fixture.service.organization)) {
                    transaction in
                    _ = try transaction.query("UPDATE payment SET note = 'x'")
                }
            }
        }
    }

    /// A reference is taken as long as its payment stands: what was recorded wrongly is reversed and recorded again.
    @Test func aReversedPaymentIsRecordedAgainUnderItsReference() async throws {
        try await Fixture.run { fixture in
            let body = fixture.payment(1_000, [], ["external_reference": "BANK-1"])
            for round in 1...2 {
                let payment = try await fixture.service.json(
                    "revenue.payment.create/1",
                    body: body,
                    key: "pay \(round)"
                )
                let twice = await fixture.service.refusal("revenue.payment.create/1", body: body, key: "again \(round)")
                #expect(twice?.code == .conflict)
                #expect(twice?.problems.first?.pointer == "/external_reference")
                let reversed = try await fixture.service.json(
                    "revenue.payment.reverse/1",
                    ["id": try payment.text("id")],
                    body: ["reason": "Wrong amount."],
                    key: "reverse \(round)"
                )
                #expect(reversed["external_reference"] == "BANK-1")
            }
            let third = try await fixture.service.json("revenue.payment.create/1", body: body, key: "pay 3")
            #expect(third["external_reference"] == "BANK-1")
        }
    }
}
