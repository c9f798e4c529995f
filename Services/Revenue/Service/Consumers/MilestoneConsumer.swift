internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// Drafts the invoice of a milestone that is completed, where the contract bills by milestones.
struct MilestoneConsumer: Sendable {
    let book: InvoiceBook

    func register(in handlers: inout EventHandlers) {
        handlers.on("milestone.completed") { event, transaction in try self.bill(event, in: transaction) }
    }

    private func bill(_ event: ReceivedEvent, in transaction: borrowing Transaction) throws -> [EventRecord] {
        guard let amountMinor = event.data["amount_minor"]?.int64, amountMinor > 0 else { return [] }
        let milestone = event.record.aggregateID
        let engagement = try event.identifier("engagement_id")
        guard let terms = try MilestoneTerms.find(of: engagement, for: event.organization, in: transaction) else {
            return []
        }
        // The cursor already keeps an event from being applied twice; the unique milestone holds whatever happens to cursors.
        let existing = try transaction.query(
            "SELECT 1 AS found FROM invoice WHERE organization_id = $1 AND milestone_id = $2",
            [.uuid(event.organization), .uuid(milestone)]
        )
        guard existing.isEmpty else { return [] }
        guard let known = try References.engagement(engagement, for: event.organization, in: transaction),
            let client = known.clientCompanyID
        else { throw EventFault("the engagement \(engagement) has no client company to bill") }
        let cause = event.cause
        let line = Values([
            "description": .text(try event.text("name")), "quantity": .decimal("1"),
            "unit_price_minor": .integer(amountMinor), "tax_rate": .decimal(terms.taxRate),
        ])
        // What a milestone says is what its completion bills, tax and all: milestones of the whole contract come to its total.
        let document = DocumentTerms(pricesIncludeTax: true)
        var values = try InvoiceLines.columns([line], document)
        values.merge(
            Values([
                "milestone_id": .identifier(milestone),
                "client_company_id": .identifier(client),
                "engagement_id": .identifier(engagement),
                "contract_id": known.contractID.map(Value.identifier) ?? .null,
                "contract_version_id": known.contractVersionID.map(Value.identifier) ?? .null,
                "deal_id": known.dealID.map(Value.identifier) ?? .null,
                "correlation_id": .identifier(known.correlation),
                "currency": .text(terms.currency),
                "payment_terms_days": .integer(terms.paymentTermDays),
                "prices_include_tax": .boolean(document.pricesIncludeTax),
            ])
        )
        let today = try References.today(of: event.organization, at: event.now, in: transaction)
        return try self.book.draft(values, as: terms.auto, today: today, because: cause, in: transaction).events
    }
}

/// By what an engagement's milestones are billed: the part of its contract's terms that an invoice needs. A copy of what was signed,
/// made when the engagement begins and never changed.
struct MilestoneTerms: Sendable {
    let currency: String
    let paymentTermDays: Int64
    let taxRate: String
    let auto: InvoiceBook.Auto

    static func keep(
        _ terms: Values,
        of engagement: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.queue(
            """
            INSERT INTO milestone_terms (organization_id, engagement_id, currency, payment_terms_days, tax_rate, auto)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organization_id, engagement_id) DO NOTHING
            """,
            [
                .uuid(organization), .uuid(engagement), .text(try terms.text("currency")),
                .int(try terms.integer("payment_terms_days")), .text(terms.optionalText("tax_rate") ?? "0"),
                .text(try terms.text("auto")),
            ]
        )
    }

    /// `nil` where the engagement's contract does not bill by milestones.
    static func find(
        of engagement: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> MilestoneTerms? {
        let rows = try transaction.query(
            """
            SELECT currency, payment_terms_days, tax_rate, auto FROM milestone_terms
            WHERE organization_id = $1 AND engagement_id = $2
            """,
            [.uuid(organization), .uuid(engagement)]
        )
        guard let row = rows.first else { return nil }
        return MilestoneTerms(
            currency: try row.text("currency"),
            paymentTermDays: try row.int("payment_terms_days"),
            taxRate: try row.text("tax_rate"),
            auto: try InvoiceBook.Auto(stored: try row.text("auto"))
        )
    }
}
