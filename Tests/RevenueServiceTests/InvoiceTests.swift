internal import Contracts
internal import Postgres
internal import RevenueService
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct InvoiceTests {
    @Test func draftsForAnEngagementAndCalculatesEveryStep() async throws {
        try await Fixture.run { fixture in
            let draft = try await fixture.draft(
                [Fixture.line(12_050, quantity: "2.5", tax: "0.19", discount: "10"), Fixture.line(999, tax: "0.07")],
                ["discount_amount_minor": 1_000]
            )
            #expect(draft["client_company_id"]?.string == fixture.client.description)
            #expect(draft["status"] == "draft")
            #expect(draft["number"] == .null)
            let first = try draft.list("lines")[0]
            // 2.5 × 120.50 = 301.25; less 10 percent, 30.125 away from zero, is 271.12.
            #expect(first["gross_minor"] == 30_125)
            #expect(first["discount_minor"] == 3_013)
            #expect(draft["subtotal_minor"] == 28_111)
            #expect(draft["net_minor"] == 27_111)
            #expect(try draft.int("total_minor") == draft.int("net_minor") + draft.int("tax_minor"))
            let created = try #require(try await fixture.service.events("invoice.created").first)
            #expect(created.correlation == fixture.story)
            #expect(created.engagement == fixture.engagement)
        }
    }

    @Test(arguments: [UInt64(1), 2, 3])
    func whateverTheLinesTheSumsAgree(seed: UInt64) async throws {
        try await Fixture.run { fixture in
            var random = Randomness(state: seed)
            for _ in 0..<12 {
                let lines = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                    Fixture.line(
                        Int64.random(in: 0...99_999, using: &random),
                        quantity: "\(Int.random(in: 0...20, using: &random)).\(Int.random(in: 1...9, using: &random))",
                        tax: ["0", "0.07", "0.19", "0.081"].randomElement(using: &random) ?? "0",
                        discount: Bool.random(using: &random) ? "12.5" : nil
                    )
                }
                let draft = try await fixture.draft(
                    lines,
                    ["discount_percent": "3.3333", "prices_include_tax": .bool(Bool.random(using: &random))]
                )
                let shown = try draft.list("lines")
                #expect(try shown.map { try $0.int("total_minor") }.reduce(0, +) == draft.int("total_minor"))
                #expect(try shown.map { try $0.int("net_minor") }.reduce(0, +) == draft.int("net_minor"))
                #expect(
                    try draft.list("tax_groups").map { try $0.int("tax_minor") }.reduce(0, +) == draft.int("tax_minor")
                )
                #expect(
                    try shown.map { try $0.int("document_discount_minor") }.reduce(0, +) == draft.int("discount_minor")
                )
                let shuffled = try await fixture.draft(
                    lines.shuffled(using: &random),
                    ["discount_percent": "3.3333", "prices_include_tax": draft["prices_include_tax"] ?? .null]
                )
                #expect(shuffled["total_minor"] == draft["total_minor"])
                let explained = try await fixture.service.json(
                    "revenue.invoice.explain/1",
                    ["id": try draft.text("id")]
                )
                #expect(explained["agrees"] == true)
                #expect(explained["total"]?["amount_minor"] == draft["total_minor"])
                try Self.expectSums(try #require(explained["total"]))
            }
        }
    }

    /// Every node of an explanation that has parts of its own sum is that sum; a rounded share or price is a leaf of it.
    private static func expectSums(_ node: JSON) throws {
        guard let parts = node["parts"]?.array else { return }
        if node["what"] != "gross" {
            #expect(try parts.map { try $0.int("amount_minor") }.reduce(0, +) == node.int("amount_minor"), "\(node)")
        }
        for part in parts { try Self.expectSums(part) }
    }

    @Test func changesADraftWholeAndNothingElse() async throws {
        try await Fixture.run { fixture in
            let draft = try await fixture.draft([Fixture.line(10_000, tax: "0.1")])
            let id = try draft.text("id")
            let changed = try await fixture.service.json(
                "revenue.invoice.change/1",
                ["id": id],
                body: ["discount_percent": "50"],
                ifMatch: 1
            )
            #expect(changed["total_minor"] == 5_500)
            #expect(try changed.list("lines")[0]["document_discount_minor"] == 5_000)
            _ = try await fixture.move("finalize", id)
            let refused = await fixture.service.refusal(
                "revenue.invoice.change/1",
                ["id": id],
                body: ["lines": []],
                ifMatch: 3
            )
            #expect(refused?.code == .conflict)
            #expect(refused?.problems.first?.code == "invoice_finalized")
            let kept = await fixture.service.refusal("revenue.invoice.delete/1", ["id": id])
            #expect(kept?.problems.first?.code == "invoice_finalized")
            #expect(try await fixture.types("invoice.") == ["invoice.created", "invoice.updated", "invoice.finalized"])
        }
    }

    @Test func aDeletedDraftComesBackAsWhatItWas() async throws {
        try await Fixture.run { fixture in
            let draft = try await fixture.draft([Fixture.line(10_000)])
            let id = try draft.text("id")
            _ = try await fixture.service.call("revenue.invoice.delete/1", ["id": id])
            #expect(await fixture.service.refusal("revenue.invoice.get/1", ["id": id])?.code == .notFound)
            let back = try await fixture.service.json("revenue.invoice.restore/1", ["id": id])
            #expect(back["version"] == 3)
            #expect(back["lines"] == draft["lines"])
            #expect(try await fixture.move("finalize", id)["number"]?.string != nil)
            #expect(
                try await fixture.types("invoice.") == [
                    "invoice.created", "invoice.deleted", "invoice.restored", "invoice.finalized",
                ]
            )
        }
    }

    @Test func goesFromDraftToPaid() async throws {
        try await Fixture.run { fixture in
            let draft = try await fixture.draft([Fixture.line(70_000)], ["payment_terms_days": 30])
            let id = try draft.text("id")
            let early = await fixture.service.refusal("revenue.invoice.send/1", ["id": id], key: "a")
            #expect(early?.code == .invalidTransition)
            #expect(early?.members["from"] == "draft")
            let finalized = try await fixture.move("finalize", id)
            #expect(finalized["number"] == "INV-2026-00001")
            #expect(finalized["issue_on"] == "2026-11-22")
            #expect(finalized["due_on"] == "2026-12-22")
            #expect(finalized["status"] == "sent")
            #expect(try await fixture.move("send", id)["sent_at"] != .null)
            #expect(try await fixture.move("view", id)["status"] == "viewed")
            let again = await fixture.service.refusal("revenue.invoice.view/1", ["id": id])
            #expect(again?.code == .invalidTransition)
            _ = try await fixture.pay(20_000, [(id, 20_000)])
            #expect(try await fixture.invoice(id)["payment_state"] == "partial")
            _ = try await fixture.pay(50_000, [(id, 50_000)])
            let paid = try await fixture.invoice(id)
            #expect(paid["status"] == "paid")
            #expect(paid["balance_minor"] == 0)
            let types = try await fixture.types()
            #expect(
                types == [
                    "invoice.created", "invoice.finalized", "invoice.sent", "invoice.viewed", "payment.recorded",
                    "invoice.partially_paid", "payment.recorded", "invoice.paid",
                ]
            )
            #expect(try await fixture.service.events().allSatisfy { $0.correlation == fixture.story })
        }
    }

    @Test func finalizeReplaysAndKeepsToRolesAndLocks() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.draft([Fixture.line(100)]).text("id")
            let member = await fixture.service.refusal(
                "revenue.invoice.finalize/1",
                ["id": id],
                key: "m",
                role: .member
            )
            #expect(member?.code == .forbidden)
            let keyless = await fixture.service.refusal("revenue.invoice.finalize/1", ["id": id])
            #expect(keyless?.code == .invalidRequest)
            _ = try await fixture.service.json("revenue.period_lock.create/1", body: ["locked_through": "2026-10-31"])
            let locked = await fixture.service.refusal(
                "revenue.invoice.finalize/1",
                ["id": id],
                body: ["issue_on": "2026-10-31"],
                key: "l"
            )
            #expect(locked?.problems.first?.code == "period_locked")
            let first = try await fixture.service.call("revenue.invoice.finalize/1", ["id": id], key: "f")
            let second = try await fixture.service.call("revenue.invoice.finalize/1", ["id": id], key: "f")
            #expect(second.isReplayed)
            #expect(second.body == first.body)
            let other = await fixture.service.refusal("revenue.invoice.finalize/1", ["id": id], key: "g")
            #expect(other?.code == .invalidTransition)
            let empty = try await fixture.draft([]).text("id")
            let lineless = await fixture.service.refusal("revenue.invoice.finalize/1", ["id": empty], key: "e")
            #expect(lineless?.problems.first?.pointer == "/lines")
            #expect(try await fixture.types("invoice.finalized").count == 1)
        }
    }

    @Test func voidsWhatNothingWasPaidOnAndKeepsTheNumber() async throws {
        try await Fixture.run { fixture in
            let draft = try await fixture.draft([Fixture.line(100)]).text("id")
            let early = await fixture.service.refusal(
                "revenue.invoice.void/1",
                ["id": draft],
                body: ["reason": "Twice."]
            )
            #expect(early?.code == .invalidTransition)
            let id = try await fixture.finalized(5_000).text("id")
            let voided = try await fixture.move("void", id, ["reason": "Billed twice."])
            #expect(voided["status"] == "cancelled")
            #expect(voided["number"] == "INV-2026-00001")
            #expect(voided["balance_minor"] == 0)
            #expect(voided["void_reason"] == "Billed twice.")
            let paid = try await fixture.finalized(5_000).text("id")
            _ = try await fixture.pay(1, [(paid, 1)])
            let kept = await fixture.service.refusal("revenue.invoice.void/1", ["id": paid], body: ["reason": "Late."])
            #expect(kept?.problems.first?.code == "invoice_settled")
            let unpayable = await fixture.service.refusal(
                "revenue.payment.create/1",
                body: fixture.payment(10, [(id, 10)]),
                key: "p"
            )
            #expect(unpayable?.problems.first?.code == "not_payable")
            #expect(try await fixture.move("finalize", draft)["number"] == "INV-2026-00003")
        }
    }

    @Test func namesWhatIsWrongWithItsParties() async throws {
        try await Fixture.run { fixture in
            let nobody = await fixture.service.refusal("revenue.invoice.create/1", body: ["lines": []])
            #expect(nobody?.problems.first?.pointer == "/client_company_id")
            let unknown = Identifier.random().description
            let engagement = await fixture.service.refusal(
                "revenue.invoice.create/1",
                body: ["engagement_id": .string(unknown)]
            )
            #expect(engagement?.problems.first?.code == "unknown_reference")
            let client = await fixture.service.refusal(
                "revenue.invoice.create/1",
                body: ["client_company_id": .string(unknown)]
            )
            #expect(client?.problems.first?.code == "unknown_reference")
            let both = await fixture.service.refusal(
                "revenue.invoice.create/1",
                body: ["client_company_id": .string(unknown), "engagement_id": .string(fixture.engagement.description)]
            )
            #expect(both?.problems.first?.pointer == "/client_company_id")
            let zeros = await fixture.service.refusal(
                "revenue.invoice.create/1",
                body: [
                    "client_company_id": .string(fixture.client.description),
                    "lines": [Fixture.line(1, quantity: "007")],
                ]
            )
            #expect(zeros?.problems.first?.pointer == "/lines/0/quantity")
        }
    }

    @Test func strangersFindNothing() async throws {
        try await Fixture.run { fixture in
            let id = try await fixture.finalized(5_000).text("id")
            let stranger = fixture.service.stranger
            for operation in ["get", "explain"] {
                let fault = await fixture.service.refusal("revenue.invoice.\(operation)/1", ["id": id], as: stranger)
                #expect(fault?.code == .notFound)
            }
            for verb in ["finalize", "send", "view"] {
                let fault = await fixture.service.refusal(
                    "revenue.invoice.\(verb)/1",
                    ["id": id],
                    key: verb,
                    as: stranger
                )
                #expect(fault?.code == .notFound)
            }
            let list = try await fixture.service.json("revenue.invoice.list/1", as: stranger)
            #expect(list["data"] == .array([]))
        }
    }
}

/// SplitMix64: the same seed gives the same cases on every machine.
struct Randomness: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
