internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Derives every amount of an invoice, from the contract down to the last minor unit of rounding.
struct ExplainInvoice: Operation {
    static let declaration = OperationDeclaration(
        "revenue.invoice.explain",
        .get("/v1/invoices/{id}/explain"),
        access: .read("revenue"),
        "Explain how each amount of an invoice comes about."
    )
    .described(
        """
        A tree: each node names what it is, its amount and the rule that made it, and holds the parts that it was made of. The amounts \
        are calculated again from the stored inputs; `agrees` says that they are the stored ones.
        """
    )
    .answers(
        .object(
            "InvoiceExplanation",
            [
                .identifier("invoice_id"), .text("number", max: 60).nullable(), .currency(), .boolean("agrees"),
                .document("source"), .document("total"), .document("balance"),
            ]
        )
    )
    .faults(.notFound)

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }

    static func register(in router: inout Router, _ invoices: ResourceStore, _ database: Database) {
        router.serve(ExplainInvoice.self) { request, context in
            let organization = try context.caller().organization
            let stored = try await invoices.read(
                request.id,
                for: organization,
                in: database,
                deadline: context.deadline
            )
            let payments = try await database.read(
                .organization(organization),
                """
                SELECT p.id, p.received_on, p.method, a.amount_minor FROM payment_allocation a
                JOIN payment p ON p.organization_id = a.organization_id AND p.id = a.payment_id
                WHERE a.organization_id = $1 AND a.invoice_id = $2 ORDER BY p.id
                """,
                [.uuid(organization), .uuid(request.id)],
                deadline: context.deadline
            )
            let explanation = try InvoiceExplanation(stored)
            let answer: JSON = [
                "invoice_id": .string(stored.id.description),
                "number": try stored.row.textOrNil("number").map(JSON.string) ?? .null,
                "currency": .string(try stored.row.text("currency")),
                "agrees": .bool(explanation.agrees),
                "source": try InvoiceExplanation.source(of: stored),
                "total": explanation.total,
                "balance": try InvoiceExplanation.balance(of: stored, payments),
            ]
            return Reply(body: answer.bytes, etag: stored.version)
        }
    }
}

/// The tree of an invoice's amounts.
struct InvoiceExplanation: Sendable {
    let total: JSON
    let agrees: Bool

    init(_ stored: Stored) throws {
        let lines = try InvoiceLines.stored(try stored.row.bytes("lines"))
        let terms = try DocumentTerms(stored)
        let document = try InvoiceLines.document(lines, terms)
        let totals = try document.totals()
        let again = try InvoiceLines.columns(lines, terms)
        let written = try JSON(parsing: try stored.row.bytes("lines"))
        let sums = ["subtotal_minor", "discount_minor", "net_minor", "tax_minor", "total_minor"]
        self.agrees =
            try again["lines"]?.json == written
            && sums.allSatisfy { try again.optionalInteger($0) == stored.row.int($0) }
        let days = try stored.row.intOrNil("billed_days")
        let nets = try lines.indices.map { index in
            try Self.net(of: lines[index], document.lines[index], totals.lines[index], totals, billedDays: days)
        }
        let taxes = totals.taxGroups.map { Self.tax($0, document, totals) }
        self.total = Self.node(
            "total",
            totals.totalMinor,
            "net plus tax",
            parts: [
                Self.node("net", totals.netMinor, "sum of the lines' nets", parts: nets),
                Self.node("tax", totals.taxMinor, "sum of the tax groups, each rounded once", parts: taxes),
            ]
        )
    }

    // MARK: - Nodes

    private static func node(
        _ what: String,
        _ amountMinor: Int64,
        _ rule: String,
        _ more: JSONObject = [:],
        parts: [JSON] = []
    ) -> JSON {
        var node: JSONObject = ["what": .string(what), "amount_minor": .int(amountMinor), "rule": .string(rule)]
        for member in more.members { node[member.key] = member.value }
        if !parts.isEmpty { node["parts"] = .array(parts) }
        return .object(node)
    }

    private static func net(
        of line: Values,
        _ item: BillingDocument.Line,
        _ total: BillingTotals.Line,
        _ totals: BillingTotals,
        billedDays: Int64?
    ) throws -> JSON {
        var price = Self.node("unit_price", item.unitPriceMinor, "as entered")
        if let full = line.optionalInteger("full_unit_price_minor"), let billedDays {
            price = Self.node(
                "unit_price",
                item.unitPriceMinor,
                "proration by actual days",
                ["full_unit_price_minor": .int(full), "billed_days": .int(billedDays)]
            )
        }
        var parts = [
            Self.node(
                "gross",
                total.grossMinor,
                "quantity times unit price, rounded half away from zero",
                [
                    "quantity": .string(item.quantity.description),
                    "unrounded_minor": .string(
                        Fraction(item.unitPriceMinor, item.quantity.scaled, per: Quantity.scale).description
                    ),
                ],
                parts: [price]
            )
        ]
        if total.discountMinor != 0 {
            parts.append(Self.node("discount", -total.discountMinor, Self.rule(of: item.discount)))
        }
        if total.documentDiscountMinor != 0 {
            parts.append(
                Self.node(
                    "document_discount",
                    -total.documentDiscountMinor,
                    "share of the invoice's discount by largest remainder",
                    ["whole_minor": .int(-totals.discountMinor), "subtotal_minor": .int(totals.subtotalMinor)]
                )
            )
        }
        let included = total.grossMinor - total.discountMinor - total.documentDiscountMinor - total.netMinor
        if included != 0 {
            parts.append(Self.node("included_tax", -included, "tax contained in the price, shown below"))
        }
        return Self.node(
            "line",
            total.netMinor,
            "gross less discounts",
            ["description": .string(line.optionalText("description") ?? "")],
            parts: parts
        )
    }

    private static func rule(of discount: BillingDocument.Discount?) -> String {
        switch discount {
        case .percent(let rate): "\(Quantity(scaled: rate.scaled)) percent of the gross, rounded half away from zero"
        case .amount, nil: "as entered"
        }
    }

    /// A tax group: its tax is rounded once, and the residual of that rounding is borne by the largest remainders.
    private static func tax(
        _ group: BillingTotals.TaxGroup,
        _ document: BillingDocument,
        _ totals: BillingTotals
    ) -> JSON {
        let scale = document.pricesIncludeTax ? Rate.scale + group.rate.scaled : Rate.scale
        let amount = document.pricesIncludeTax ? group.baseMinor + group.taxMinor : group.baseMinor
        let shares = document.lines.indices.filter { document.lines[$0].taxRate == group.rate }.map { index in
            let line = totals.lines[index]
            let own = document.pricesIncludeTax ? line.totalMinor : line.netMinor
            let exact = Fraction(own, group.rate.scaled, per: scale)
            return Self.node(
                "line_tax",
                line.taxMinor,
                "share of the group's tax by largest remainder",
                [
                    "line": .int(Int64(index)), "unrounded_minor": .string(exact.description),
                    "residual_minor": .string(exact.residual(to: line.taxMinor)),
                ]
            )
        }
        let exact = Fraction(amount, group.rate.scaled, per: scale)
        return Self.node(
            "tax_group",
            group.taxMinor,
            document.pricesIncludeTax ? "tax contained in the prices" : "base times rate, rounded half away from zero",
            [
                "tax_rate": .string(group.rate.description), "base_minor": .int(group.baseMinor),
                "unrounded_minor": .string(exact.description),
                "residual_minor": .string(exact.residual(to: group.taxMinor)),
            ],
            parts: shares
        )
    }

    // MARK: - Around the amounts

    /// Where the lines come from: the contract's version and clause with the schedule and its period or the
    /// milestone, or a person.
    static func source(of stored: Stored) throws -> JSON {
        let row = stored.row
        let id = { (name: String) throws -> JSON in try row.uuidOrNil(name).map { .string($0.description) } ?? .null }
        if try !row.isNull("milestone_id") {
            return [
                "kind": "milestone", "contract_id": try id("contract_id"),
                "contract_version_id": try id("contract_version_id"), "clause": "billing",
                "engagement_id": try id("engagement_id"), "milestone_id": try id("milestone_id"),
            ]
        }
        guard try !row.isNull("schedule_id"), let start = try row.dateOrNil("period_start"),
            let end = try row.dateOrNil("period_end")
        else {
            return ["kind": "entered", "engagement_id": try id("engagement_id"), "contract_id": try id("contract_id")]
        }
        let days = start.days(until: end)
        let billed = try row.intOrNil("billed_days")
        return [
            "kind": "schedule",
            "contract_id": try id("contract_id"),
            "contract_version_id": try id("contract_version_id"),
            "clause": "billing",
            "engagement_id": try id("engagement_id"),
            "schedule_id": try id("schedule_id"),
            "period": [
                "start_on": .string(start.description), "end_on": .string(end.description), "days": .int(Int64(days)),
            ],
            "proration": billed.map { ["billed_days": .int($0), "period_days": .int(Int64(days))] } ?? .null,
        ]
    }

    static func balance(of stored: Stored, _ payments: Rows) throws -> JSON {
        let row = stored.row
        let isVoided = try !row.isNull("voided_at")
        var parts = [Self.node("total", try row.int("total_minor"), isVoided ? "voided: nothing is owed" : "as above")]
        for payment in payments {
            let amount = try payment.int("amount_minor")
            parts.append(
                Self.node(
                    amount > 0 ? "payment" : "reversal",
                    -amount,
                    "allocated",
                    [
                        "payment_id": .string(try payment.text("id")),
                        "received_on": .string(try payment.text("received_on")),
                    ]
                )
            )
        }
        let credited = try row.int("credited_minor")
        if credited != 0 { parts.append(Self.node("credited", -credited, "credit notes")) }
        return Self.node("balance", try row.int("balance_minor"), "total less payments and credits", parts: parts)
    }
}

/// `factor × other ÷ divisor`, exact to six places, for showing what was rounded.
struct Fraction: CustomStringConvertible {
    private static let places = 6
    private let millionths: Int128

    init(_ factor: Int64, _ other: Int64, per divisor: Int64) {
        self.millionths = Int128(factor) * Int128(other) * 1_000_000 / Int128(divisor)
    }

    var description: String { Self.text(self.millionths) }

    /// What was added, or taken, to reach `amount`.
    func residual(to amount: Int64) -> String { Self.text(Int128(amount) * 1_000_000 - self.millionths) }

    private static func text(_ millionths: Int128) -> String {
        let digits = String(millionths.magnitude)
        let padded = String(repeating: "0", count: max(0, Self.places + 1 - digits.utf8.count)) + digits
        var fraction = padded.suffix(Self.places)
        while fraction.last == "0" { fraction.removeLast() }
        let whole = (millionths < 0 ? "-" : "") + padded.dropLast(Self.places)
        return fraction.isEmpty ? whole : "\(whole).\(fraction)"
    }
}
