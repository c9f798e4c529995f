internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// The lines of an invoice or a schedule: their declaration, and the way between stored values and the money rules.
enum InvoiceLines {
    static let countMax = BillingTerms.linesMax

    /// What a client sends of a line.
    static let input: [Field] = [
        .text("description", max: 500).required().example("Workshop"),
        .decimal("quantity", places: Quantity.places).defaulting(to: "1").example("2.5"),
        .money("unit_price_minor").required().example(12_000),
        .decimal("discount_percent", places: 4).nullable().example("10").described(
            "Percent taken off the line: 10 is a tenth."
        ),
        .money("discount_amount_minor").nullable().described("An amount taken off instead of a percentage."),
        .decimal("tax_rate", places: Rate.places).defaulting(to: "0").example("0.19").described(
            "A share: 0.19 is 19 percent."
        ),
    ]

    /// What an answer shows of it: the input and every step of its calculation.
    static let fields: [Field] =
        Self.input + [
            .money("full_unit_price_minor").nullable().readOnly().described(
                "The price of a whole period, where this line bills a part of one."
            ),
            .money("gross_minor").readOnly().described("Quantity times unit price, rounded half away from zero."),
            .money("discount_minor").readOnly().described("What the line's own discount takes off."),
            .money("document_discount_minor").readOnly().described("The line's share of the invoice's discount."),
            .money("net_minor").readOnly(),
            .money("tax_minor").readOnly().described("The line's share of its rate's tax."),
            .money("total_minor").readOnly(),
        ]

    static let taxGroup: [Field] = [
        .decimal("tax_rate", places: Rate.places), .money("base_minor"), .money("tax_minor"),
    ]

    // MARK: - Reading

    /// The inputs of lines as they are stored, calculated members left out.
    static func stored(_ bytes: [UInt8]) throws -> [Values] {
        guard let elements = try JSON(parsing: bytes).array else {
            throw Fault(.internalError, "the stored lines are no array")
        }
        return try elements.map { element in
            var known = JSONObject()
            for field in Self.input { known[field.name] = element[field.name] }
            var decoder = InputDecoder()
            var values = decoder.object(.object(known), Self.input)
            if let full = element["full_unit_price_minor"]?.int64 { values["full_unit_price_minor"] = .integer(full) }
            guard decoder.problems.isEmpty else { throw Fault.invalid(decoder.problems) }
            return values
        }
    }

    /// Lines with a discount as a document that the money rules can calculate.
    static func document(_ lines: [Values], _ terms: DocumentTerms = DocumentTerms()) throws -> BillingDocument {
        var problems: [Problem] = []
        var items: [BillingDocument.Line] = []
        for (index, line) in lines.enumerated() {
            let pointer = "/lines/\(index)"
            let quantity = Quantity(line.optionalText("quantity") ?? "1")
            let rate = Rate(line.optionalText("tax_rate") ?? "0")
            if quantity == nil { problems.append(Self.unreadable("\(pointer)/quantity")) }
            if rate == nil { problems.append(Self.unreadable("\(pointer)/tax_rate")) }
            let discount = Self.discount(
                line.optionalText("discount_percent"),
                line.optionalInteger("discount_amount_minor"),
                at: pointer,
                &problems
            )
            items.append(
                BillingDocument.Line(
                    quantity: quantity ?? .zero,
                    unitPriceMinor: try line.integer("unit_price_minor"),
                    discount: discount,
                    taxRate: rate ?? .zero
                )
            )
        }
        let discount = Self.discount(terms.discountPercent, terms.discountAmountMinor, at: "", &problems)
        guard problems.isEmpty else { throw Fault.invalid(problems) }
        return BillingDocument(lines: items, discount: discount, pricesIncludeTax: terms.pricesIncludeTax)
    }

    private static func discount(
        _ percent: String?,
        _ amountMinor: Int64?,
        at pointer: String,
        _ problems: inout [Problem]
    ) -> BillingDocument.Discount? {
        switch (percent, amountMinor) {
        case (nil, nil):
            return nil
        case (nil, let amountMinor?):
            return .amount(amountMinor)
        case (let percent?, nil):
            // Ten-thousandths of a percent are millionths of the whole.
            guard let percent = Quantity(percent) else {
                problems.append(Self.unreadable("\(pointer)/discount_percent"))
                return nil
            }
            return .percent(Rate(scaled: percent.scaled))
        case (.some, .some):
            problems.append(
                Problem(
                    "\(pointer)/discount_percent",
                    "one_discount",
                    "A discount is a percentage or an amount, not both."
                )
            )
            return nil
        }
    }

    private static func unreadable(_ pointer: String) -> Problem {
        Problem(pointer, "decimal", "A decimal number without leading zeros is expected here.")
    }

    // MARK: - Writing

    /// Inputs with every member there, as answers show them.
    static func complete(_ lines: [Values]) -> Value {
        .list(
            lines.map { line in
                var line = line
                for field in Self.input where !line.has(field.name) { line[field.name] = .null }
                return .object(line)
            }
        )
    }

    /// The columns that follow from lines and terms: each line with its steps, the tax groups and the sums.
    static func columns(_ lines: [Values], _ terms: DocumentTerms) throws -> Values {
        let totals = try Self.document(lines, terms).totals()
        let shown = zip(lines, totals.lines).map { line, total -> Value in
            var line = line
            line.merge(
                Values([
                    "full_unit_price_minor": line["full_unit_price_minor"] ?? .null,
                    "discount_percent": line["discount_percent"] ?? .null,
                    "discount_amount_minor": line["discount_amount_minor"] ?? .null,
                    "gross_minor": .integer(total.grossMinor),
                    "discount_minor": .integer(total.discountMinor),
                    "document_discount_minor": .integer(total.documentDiscountMinor),
                    "net_minor": .integer(total.netMinor),
                    "tax_minor": .integer(total.taxMinor),
                    "total_minor": .integer(total.totalMinor),
                ])
            )
            return .object(line)
        }
        let groups = totals.taxGroups.map { group -> Value in
            .object(
                Values([
                    "tax_rate": .decimal(group.rate.description), "base_minor": .integer(group.baseMinor),
                    "tax_minor": .integer(group.taxMinor),
                ])
            )
        }
        return Values([
            "lines": .list(shown),
            "tax_groups": .list(groups),
            "subtotal_minor": .integer(totals.subtotalMinor),
            "discount_minor": .integer(totals.discountMinor),
            "net_minor": .integer(totals.netMinor),
            "tax_minor": .integer(totals.taxMinor),
            "total_minor": .integer(totals.totalMinor),
        ])
    }
}

/// What of a document, beside its lines, decides its amounts.
struct DocumentTerms: Hashable, Sendable {
    var discountPercent: String?
    var discountAmountMinor: Int64?
    var pricesIncludeTax = false
}

extension DocumentTerms {
    /// The names of the inputs that decide amounts.
    static let names = ["lines", "discount_percent", "discount_amount_minor", "prices_include_tax"]

    init(_ values: Values) {
        self.discountPercent = values.optionalText("discount_percent")
        self.discountAmountMinor = values.optionalInteger("discount_amount_minor")
        self.pricesIncludeTax = values.optionalBoolean("prices_include_tax") ?? false
    }

    init(_ stored: Stored) throws {
        self.discountPercent = try stored.row.textOrNil("discount_percent")
        self.discountAmountMinor = try stored.row.intOrNil("discount_amount_minor")
        self.pricesIncludeTax = try stored.row.bool("prices_include_tax")
    }
}
