internal import RevenueDomain
internal import Testing
internal import Vocabulary

private typealias Line = BillingDocument.Line

extension BillingDocument {
    /// A document with few distinct prices and rates, so that ties are common.
    fileprivate static func random(_ seed: UInt64) -> BillingDocument {
        var generator = SeededGenerator(seed: seed)
        let rates = [0, 70_000, 77_000, 190_000, 200_000].map { Rate(scaled: $0) }
        let prices: [Int64] = [0, 1, 33, 99, 100, 101, 3_333, 10_000, 99_999]
        let lines = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
            let price = prices.randomElement(using: &generator) ?? 0
            let discount: Discount? =
                switch Int.random(in: 0...3, using: &generator) {
                case 0: .percent(Rate(scaled: Int64.random(in: 0...1_000_000, using: &generator)))
                case 1: .amount(min(price, 7))
                default: nil
                }
            return Line(
                quantity: Quantity(scaled: Int64.random(in: 1...30, using: &generator) * 5_000 + 5_000),
                unitPriceMinor: price,
                discount: discount,
                taxRate: rates.randomElement(using: &generator) ?? .zero
            )
        }
        let share = Rate(scaled: Int64.random(in: 0...1_000_000, using: &generator))
        return BillingDocument(
            lines: lines,
            discount: Bool.random(using: &generator) ? .percent(share) : nil,
            pricesIncludeTax: seed % 3 == 0
        )
    }
}

@Suite struct BillingCalculationTests {
    @Test(arguments: 0..<500 as Range<UInt64>)
    func linesSumToTheTotal(seed: UInt64) throws {
        let document = BillingDocument.random(seed)
        let totals = try document.totals()
        func sum(_ amount: (BillingTotals.Line) -> Int64) -> Int64 { totals.lines.reduce(0) { $0 + amount($1) } }
        #expect(sum(\.netMinor) == totals.netMinor)
        #expect(sum(\.taxMinor) == totals.taxMinor)
        #expect(sum(\.totalMinor) == totals.totalMinor)
        #expect(sum(\.documentDiscountMinor) == totals.discountMinor)
        #expect(sum { $0.grossMinor - $0.discountMinor } == totals.subtotalMinor)
        #expect(totals.netMinor + totals.taxMinor == totals.totalMinor)
        #expect(totals.taxGroups.reduce(0) { $0 + $1.taxMinor } == totals.taxMinor)
        #expect(totals.taxGroups.reduce(0) { $0 + $1.baseMinor } == totals.netMinor)
        let inclusive = totals.subtotalMinor - totals.discountMinor
        #expect((document.pricesIncludeTax ? totals.totalMinor : totals.netMinor) == inclusive)
        #expect(totals.lines.allSatisfy { $0.netMinor >= 0 && $0.taxMinor >= 0 })
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func theOrderOfLinesNeverChangesTheTotal(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed &+ 1_000_000)
        let document = BillingDocument.random(seed)
        let totals = try document.totals()
        for _ in 0..<4 {
            let shuffled = BillingDocument(
                lines: document.lines.shuffled(using: &generator),
                discount: document.discount,
                pricesIncludeTax: document.pricesIncludeTax
            )
            let other = try shuffled.totals()
            #expect(other.totalMinor == totals.totalMinor)
            #expect(other.taxGroups == totals.taxGroups)
        }
    }

    @Test func oneDocumentByHand() throws {
        let totals = try BillingDocument(
            lines: [
                Line(
                    quantity: Quantity(scaled: 25_000),
                    unitPriceMinor: 3_333,
                    discount: .percent(Rate(scaled: 100_000)),
                    taxRate: Rate(scaled: 190_000)
                ),
                Line(quantity: .one, unitPriceMinor: 1_000, discount: .amount(1), taxRate: Rate(scaled: 70_000)),
                Line(quantity: .one, unitPriceMinor: 1_000, taxRate: Rate(scaled: 190_000)),
            ],
            discount: .amount(100)
        ).totals()
        // 2.5 × 33.33 = 83.325, half away from zero; 10 % of 83.33 = 8.333.
        #expect(totals.lines.map(\.grossMinor) == [8_333, 1_000, 1_000])
        #expect(totals.lines.map(\.discountMinor) == [833, 1, 0])
        // 100 over 7500, 999 and 1000 of 9499: 78.95, 10.52 and 10.53; two cents are left for .95 and .53.
        #expect(totals.lines.map(\.documentDiscountMinor) == [79, 10, 11])
        #expect(totals.lines.map(\.netMinor) == [7_421, 989, 989])
        // 7 % of 9.89 = 0.6923; 19 % of 84.10 = 15.979.
        let groups = [
            BillingTotals.TaxGroup(rate: Rate(scaled: 70_000), baseMinor: 989, taxMinor: 69),
            BillingTotals.TaxGroup(rate: Rate(scaled: 190_000), baseMinor: 8_410, taxMinor: 1_598),
        ]
        #expect(totals.taxGroups == groups)
        #expect(totals.lines.map(\.taxMinor) == [1_410, 69, 188])
        #expect(totals.totalMinor == 9_399 + 1_667)
    }

    @Test func inclusivePricesAreSplitOnTheGroup() throws {
        let line = Line(quantity: .one, unitPriceMinor: 999, taxRate: Rate(scaled: 190_000))
        let totals = try BillingDocument(lines: [line, line, line], pricesIncludeTax: true).totals()
        #expect(totals.totalMinor == 2_997 && totals.taxMinor == 479 && totals.netMinor == 2_518)
        #expect(totals.lines.map(\.totalMinor) == [999, 999, 999])
    }

    @Test(arguments: [
        (Line(quantity: Quantity(scaled: -1), unitPriceMinor: 1), "/lines/0/quantity", "negative"),
        (Line(quantity: .one, unitPriceMinor: -1), "/lines/0/unit_price_minor", "negative"),
        (Line(quantity: .one, unitPriceMinor: 1, taxRate: Rate(scaled: -1)), "/lines/0/tax_rate", "out_of_range"),
        (
            Line(quantity: .one, unitPriceMinor: 1, taxRate: Rate(scaled: 1_000_001)), "/lines/0/tax_rate",
            "out_of_range"
        ),
        (Line(quantity: .one, unitPriceMinor: 1, discount: .amount(2)), "/lines/0/discount", "out_of_range"),
        (
            Line(quantity: .one, unitPriceMinor: 1, discount: .percent(Rate(scaled: 1_000_001))), "/lines/0/discount",
            "out_of_range"
        ),
        (Line(quantity: Quantity(scaled: .max), unitPriceMinor: .max), "/lines/0", "amount_too_large"),
    ])
    func refusesWhatCannotBeBilled(line: BillingDocument.Line, pointer: String, code: String) {
        let rejection = #expect(throws: Rejection.self) { try BillingDocument(lines: [line]).totals() }
        #expect(rejection?.kind == .invalid(pointer: pointer, code: code))
    }

    @Test func sumsThatOverflowAreRefused() {
        let line = Line(quantity: .one, unitPriceMinor: .max)
        #expect(throws: Rejection.self) { try BillingDocument(lines: [line, line]).totals() }
        let taxed = Line(quantity: .one, unitPriceMinor: .max, taxRate: .one)
        #expect(throws: Rejection.self) { try BillingDocument(lines: [taxed]).totals() }
        let many = Array(repeating: Line(quantity: .one, unitPriceMinor: 1), count: BillingDocument.linesMax + 1)
        #expect(throws: Rejection.self) { try BillingDocument(lines: many).totals() }
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func largestRemainderSumsToTheWhole(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let weights = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
            Int64.random(in: 0...(seed % 2 == 0 ? 9 : .max / 32), using: &generator)
        }
        let sum = weights.reduce(0, +)
        guard sum > 0 else { return }
        let total = Int64.random(in: -sum...sum, using: &generator)
        let parts = try LargestRemainder.spread(total, over: weights)
        #expect(parts.reduce(0, +) == total)
        #expect(zip(parts, weights).allSatisfy { $0.magnitude <= $1.magnitude })
        #expect(zip(parts, weights).allSatisfy { ($0.0 < 0) == (total < 0) || $0.0 == 0 })
    }

    @Test func thereMustBeSomethingToSpreadOver() throws {
        #expect(throws: Rejection.self) { try LargestRemainder.spread(1, over: [0, 0]) }
        #expect(throws: Rejection.self) { try LargestRemainder.spread(1, over: []) }
        #expect(throws: Rejection.self) { try LargestRemainder.spread(1, over: [2, -1]) }
        #expect(try LargestRemainder.spread(0, over: [0, 0]) == [0, 0])
    }
}
