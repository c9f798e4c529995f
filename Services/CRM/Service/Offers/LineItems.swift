internal import Contracts
internal import Vocabulary

/// Lines that are offered: what a client sends of each, and what is calculated from them by the money rules.
enum LineItems {
    static let countMax = 200

    static let fields: [Field] = [
        .text("description", max: 500).required().example("Discovery workshop"),
        .decimal("quantity", places: 4).defaulting(to: "1").example("2.5"),
        .money("unit_price_minor").required().example(120_000),
        .decimal("discount_percent", places: 4).nullable().example("10").described(
            "Percent taken off this line: 10 is a tenth."
        ),
        .decimal("tax_rate", places: 6).defaulting(to: "0").example("0.19").described("A share: 0.19 is 19 percent."),
        .money("gross_minor").readOnly().described("Quantity times unit price."),
        .money("discount_minor").readOnly().described("What the line's own discount takes off."),
        .money("net_minor").readOnly().described(
            "Before tax, after the line's discount and its share of the document's."
        ),
        .money("tax_minor").readOnly().described("The line's share of its rate's tax."),
        .money("total_minor").readOnly(),
    ]

    /// Lines with their figures, and the sums.
    struct Priced {
        let lines: [JSON]
        let totals: BillingTotals
    }

    /// Calculates the lines of a document. What a client has not sent is ignored, so stored lines can be priced again.
    static func price(
        _ lines: [JSON],
        discountPercent: String? = nil,
        discountMinor: Int64? = nil,
        pricesIncludeTax: Bool = false
    ) throws(Rejection) -> Priced {
        var documentLines: [BillingDocument.Line] = []
        for (index, line) in lines.enumerated() {
            documentLines.append(try Self.line(line, at: "/lines/\(index)"))
        }
        guard discountPercent == nil || discountMinor == nil else {
            throw .invalid("/discount_percent", code: "ambiguous", "A discount is a percentage or an amount, not both.")
        }
        var discount = discountMinor.map(BillingDocument.Discount.amount)
        if let discountPercent { discount = .percent(try Self.share(discountPercent, at: "/discount_percent")) }
        let document = BillingDocument(lines: documentLines, discount: discount, pricesIncludeTax: pricesIncludeTax)
        let totals = try document.totals()
        let priced = zip(lines, totals.lines).map { line, figures -> JSON in
            var object = JSONObject()
            for name in ["description", "quantity", "unit_price_minor", "discount_percent", "tax_rate"] {
                object[name] = line[name] ?? .null
            }
            object["gross_minor"] = .int(figures.grossMinor)
            object["discount_minor"] = .int(figures.discountMinor)
            object["net_minor"] = .int(figures.netMinor)
            object["tax_minor"] = .int(figures.taxMinor)
            object["total_minor"] = .int(figures.totalMinor)
            return .object(object)
        }
        return Priced(lines: priced, totals: totals)
    }

    private static func line(_ line: JSON, at pointer: String) throws(Rejection) -> BillingDocument.Line {
        guard let quantity = Quantity(line["quantity"]?.string ?? "1") else {
            throw .invalid(
                "\(pointer)/quantity",
                code: "decimal",
                "A quantity is a decimal number with at most 4 places."
            )
        }
        guard let rate = Rate(line["tax_rate"]?.string ?? "0") else {
            throw .invalid(
                "\(pointer)/tax_rate",
                code: "decimal",
                "A tax rate is a decimal number with at most 6 places."
            )
        }
        var discount: BillingDocument.Discount?
        if let percent = line["discount_percent"]?.string {
            discount = .percent(try Self.share(percent, at: "\(pointer)/discount_percent"))
        }
        return BillingDocument.Line(
            quantity: quantity,
            unitPriceMinor: line["unit_price_minor"]?.int64 ?? 0,
            discount: discount,
            taxRate: rate
        )
    }

    /// Percent with four places is a share with six: the same digits.
    private static func share(_ percent: String, at pointer: String) throws(Rejection) -> Rate {
        guard let digits = Quantity(percent), (0...Rate.scale).contains(digits.scaled) else {
            throw .invalid(pointer, code: "out_of_range", "A discount lies between 0 and 100 percent.")
        }
        return Rate(scaled: digits.scaled)
    }
}
