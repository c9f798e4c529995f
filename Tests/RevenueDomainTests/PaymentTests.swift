internal import RevenueDomain
internal import Testing
internal import Vocabulary

private func id(_ low: UInt64) -> Identifier { Identifier(high: 0xdead_beef, low: low) }
private func day(_ offset: Int) -> LocalDate { LocalDate(daysSinceEpoch: 20_000 + offset) }

private func payable(_ low: UInt64, _ balance: Int64, due: Int = 0, _ currency: Currency = .usd) -> PayableInvoice {
    PayableInvoice(id: id(low), currency: currency, balanceMinor: balance, dueOn: day(due))
}

@Suite struct PaymentTests {
    @Test func theOldestDueIsSettledFirst() throws {
        let yen = try #require(Currency("JPY"))
        let invoices = [
            payable(1, 100, due: 9), payable(2, 100, due: 3), payable(3, 100, due: 3), payable(4, 9, due: 0, yen),
        ]
        let plan = try PaymentAllocator.plan(250, .usd, by: .oldestDueFirst, among: invoices)
        #expect(
            plan.allocations == [
                Allocation(invoiceID: id(1), amountMinor: 50), Allocation(invoiceID: id(2), amountMinor: 100),
                Allocation(invoiceID: id(3), amountMinor: 100),
            ]
        )
        #expect(plan.unappliedMinor == 0)
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func noMoneyIsMadeOrLost(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let invoices = (0..<Int.random(in: 0...9, using: &generator)).map {
            payable(UInt64($0), .random(in: 0...500, using: &generator), due: .random(in: 0...5, using: &generator))
        }
        let amount = Int64.random(in: 1...2_500, using: &generator)
        let plan = try PaymentAllocator.plan(amount, .usd, by: .oldestDueFirst, among: invoices)
        let applied = plan.allocations.reduce(0) { $0 + $1.amountMinor }
        #expect(applied + plan.unappliedMinor == amount && plan.unappliedMinor >= 0)
        let balances = Dictionary(uniqueKeysWithValues: invoices.map { ($0.id, $0.balanceMinor) })
        #expect(plan.allocations.allSatisfy { $0.amountMinor > 0 && $0.amountMinor <= balances[$0.invoiceID] ?? 0 })
        #expect(plan.unappliedMinor == max(0, amount - invoices.reduce(0) { $0 + $1.balanceMinor }))
        let again = try PaymentAllocator.plan(amount, .usd, by: .explicit(plan.allocations), among: invoices)
        #expect(again == plan)
        var payment = Payment(id: id(99), amountMinor: amount, plan: plan)
        let reversed = try payment.reverse(as: id(98), because: "bounced", clientCreditMinor: plan.unappliedMinor)
        #expect(reversed.allocations.reduce(0) { $0 + $1.amountMinor } + reversed.unappliedMinor == -amount)
        #expect(reversed.amountMinor == -amount)
    }

    @Test(
        arguments: [
            ([(1, 101)], "/allocations/0/amount_minor", "exceeds_balance"),
            ([(1, 0)], "/allocations/0/amount_minor", "not_positive"),
            ([(9, 1)], "/allocations/0/invoice_id", "not_payable"),
            ([(1, 1), (1, 1)], "/allocations/1/invoice_id", "duplicate"),
            ([(1, 100), (2, 100)], "/allocations", "exceeds_payment"),
            ([(3, 1)], "/allocations/0/invoice_id", "currency_mismatch"),
        ] as [([(UInt64, Int64)], String, String)]
    )
    func refusesWhatDoesNotAddUp(wanted: [(UInt64, Int64)], pointer: String, code: String) throws {
        let yen = try #require(Currency("JPY"))
        let rule = AllocationRule.explicit(wanted.map { Allocation(invoiceID: id($0.0), amountMinor: $0.1) })
        let rejection = #expect(throws: Rejection.self) {
            try PaymentAllocator.plan(
                150,
                .usd,
                by: rule,
                among: [payable(1, 100), payable(2, 100), payable(3, 9, yen)]
            )
        }
        #expect(rejection?.kind == .invalid(pointer: pointer, code: code))
    }

    @Test func aPaymentIsReversedOnceAndOnlyWithItsCreditUnused() throws {
        var payment = Payment(
            id: id(1),
            amountMinor: 10,
            plan: AllocationPlan(allocations: [Allocation(invoiceID: id(2), amountMinor: 4)], unappliedMinor: 6)
        )
        let used = #expect(throws: Rejection.self) {
            try payment.reverse(as: id(3), because: "bounced", clientCreditMinor: 5)
        }
        #expect(used?.kind == .conflict(code: "credit_used"))
        #expect(throws: Rejection.self) { try payment.reverse(as: id(3), because: "", clientCreditMinor: 6) }
        _ = try payment.reverse(as: id(3), because: "bounced", clientCreditMinor: 6)
        let again = #expect(throws: Rejection.self) {
            try payment.reverse(as: id(4), because: "bounced", clientCreditMinor: 6)
        }
        #expect(again?.kind == .conflict(code: "already_reversed") && payment.reversedBy == id(3))
        #expect(throws: Rejection.self) { try PaymentAllocator.plan(0, .usd, by: .oldestDueFirst, among: []) }
    }
}

@Suite struct AgeingTests {
    @Test(
        arguments: [
            (-5, .current), (0, .current), (1, .days1To30), (30, .days1To30), (31, .days31To60), (60, .days31To60),
            (61, .days61To90), (90, .days61To90), (91, .over90), (4_000, .over90),
        ] as [(Int, Ageing.Bucket)]
    )
    func bucketsByDaysPastDue(days: Int, bucket: Ageing.Bucket) {
        #expect(Ageing.Bucket(dueOn: day(0), today: day(days)) == bucket)
    }

    /// The rows behind a figure are those whose due dates its bucket names, and every due date is in one bucket.
    @Test(arguments: -5...200)
    func aBucketNamesTheDueDatesThatBelongToIt(days: Int) {
        let (today, due) = (day(days), day(0))
        for bucket in Ageing.Bucket.allCases {
            let dates = bucket.dueDates(today: today)
            #expect((dates.from...dates.through).contains(due) == (bucket == Ageing.Bucket(dueOn: due, today: today)))
        }
    }
}

@Suite struct NumberSeriesTests {
    @Test(
        arguments: [
            ("INV-{number:5}", 42, "INV-00042"), ("{year}/{number}", 7, "2024/7"), ("{number:3}", 12_345, "12345"),
            ("R{year}-{number:4}-X", 1, "R2024-0001-X"),
        ] as [(String, Int64, String)]
    )
    func writesNumbers(pattern: String, number: Int64, text: String) throws {
        let date = try #require(LocalDate("2024-10-04"))
        let format = try NumberFormat(pattern)
        #expect(format.text(number: number, on: date) == text)
    }

    @Test(arguments: [
        "", "INV", "{number}{number}", "{number", "number}", "{}", "{number:0}", "{number:13}", "{number:x}",
        "{month}{number}",
        "{{number}}", String(repeating: "x", count: 33) + "{number}",
    ])
    func refusesOtherPatterns(pattern: String) {
        #expect(throws: Rejection.self) { try NumberFormat(pattern) }
    }

    @Test func provesThatNothingIsMissing() {
        let whole = NumberSeriesProof(of: [3, 1, 2])
        #expect(whole.first == 1 && whole.last == 3 && whole.count == 3 && whole.missing.isEmpty)
        #expect(NumberSeriesProof(of: [1, 2, 5, 7]).missing == [3, 4, 6])
        #expect(NumberSeriesProof(of: [1, .max]).missing.count == NumberSeriesProof.missingMax)
        #expect(NumberSeriesProof(of: []).first == nil)
    }
}
