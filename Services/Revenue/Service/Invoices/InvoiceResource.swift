internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

extension Resource {
    /// A bill to a client. `status`, `payment_state`, `is_overdue` and `balance_minor` follow from the stored facts beside them.
    static let invoice: Resource = {
        var resource = Resource(
            service: "revenue",
            name: "invoice",
            plural: "invoices",
            table: "invoice",
            fields: InvoiceFields.parties + InvoiceFields.document + InvoiceFields.amounts + InvoiceFields.facts
        )
        resource.hidden = [
            .identifier("number_series_id").nullable(), .integer("number_value", 1...Int64.max).nullable(),
        ]
        // Creating resolves the engagement and the client first, which may mean waiting for their owner: see CreateInvoice.
        resource.actions = [.get, .list, .change, .delete]
        resource.isStory = true
        resource.hooks.change = { stored, changes, context, transaction in
            try InvoiceRules.change(stored, &changes, context, transaction)
        }
        resource.hooks.delete = { stored, _, _ in try Invoice(stored).requireDraft() }
        resource.summary = "A draft: it has no number until it is finalized, and may be changed or deleted until then."
        return resource
    }()
}

/// The parts of an invoice's declaration.
enum InvoiceFields {
    static let parties: [Field] = [
        .text("number", max: 60).nullable().readOnly().filterable().described(
            "Given by `finalize`, without gaps, for good."
        ),
        .identifier("client_company_id").filterable().described("That of the engagement, where one is named."),
        .identifier("engagement_id").nullable().onCreate().filterable(),
        .identifier("contract_id").nullable().readOnly().filterable(),
        .identifier("contract_version_id").nullable().readOnly(),
        .identifier("deal_id").nullable().readOnly().filterable(),
        .identifier("schedule_id").nullable().readOnly().filterable(),
        .identifier("milestone_id").nullable().readOnly().filterable().described("The milestone that it bills."),
        .date("period_start").nullable().readOnly().described("First day of the schedule's period."),
        .date("period_end").nullable().readOnly().described("First day that no longer belongs to it."),
        .integer("billed_days", 1...100_000).nullable().readOnly().described(
            "How many days are billed, where only a part of the period is."
        ),
    ]

    static let document: [Field] = [
        .currency().filterable(),
        .date("issue_on").nullable().filterable().described("By default the day on which it is finalized."),
        .date("due_on").nullable().filterable().described("By default `payment_terms_days` after `issue_on`."),
        .integer("payment_terms_days", 0...BillingTerms.paymentTermDaysMax).defaulting(to: 14),
        .list("lines", of: InvoiceLines.fields, countMax: InvoiceLines.countMax).defaulting(to: []),
        .decimal("discount_percent", places: 4).nullable().described("Percent taken off the sum of the lines."),
        .money("discount_amount_minor").nullable().described("An amount taken off instead of a percentage."),
        .boolean("prices_include_tax").defaulting(to: false).described("Whether unit prices already contain the tax."),
        .text("notes", max: 10_000).nullable().redacted(.content),
    ]

    static let amounts: [Field] = [
        .list("tax_groups", of: InvoiceLines.taxGroup, countMax: InvoiceLines.countMax).readOnly(),
        .money("subtotal_minor").readOnly().described("The lines after their own discounts."),
        .money("discount_minor").readOnly().described("What the invoice's own discount takes off."),
        .money("net_minor").readOnly(),
        .money("tax_minor").readOnly(),
        .money("total_minor").readOnly().filterable().sortable(),
        .money("paid_minor").readOnly(),
        .money("credited_minor").readOnly(),
        .money("balance_minor").readOnly().filterable().sortable().described(
            "What is still owed; nothing on a voided invoice."
        ),
    ]

    static let facts: [Field] = [
        .choice("status", InvoiceStatus.self).readOnly().filterable(),
        .choice("payment_state", ["unpaid", "partial", "paid", "credited"]).readOnly().filterable(),
        .boolean("is_overdue").readOnly().filterable(),
        .instant("finalized_at").nullable().readOnly(),
        .instant("sent_at").nullable().readOnly(),
        .instant("first_viewed_at").nullable().readOnly(),
        .instant("voided_at").nullable().readOnly(),
        .text("void_reason", max: 2_000).nullable().readOnly(),
        .text("held_back_code", max: 100).nullable().readOnly().described(
            "Of a draft that was to be finalized by itself: the rule that refused it, such as `period_locked`."
        ),
        .text("held_back_because", max: 2_000).nullable().readOnly().described("What that rule said."),
        .date("overdue_since").nullable().readOnly()
            .described(
                "The day after `due_on`, noted within a minute of its beginning in the organization's time zone."
            ),
    ]
}

extension Invoice {
    /// Restores an invoice from its row.
    init(_ stored: Stored) throws {
        let row = stored.row
        self.init(
            id: stored.id,
            currency: try Currency(stored: try row.text("currency")),
            facts: InvoiceFacts(
                finalizedAt: try row.instantOrNil("finalized_at"),
                sentAt: try row.instantOrNil("sent_at"),
                firstViewedAt: try row.instantOrNil("first_viewed_at"),
                voidedAt: try row.instantOrNil("voided_at"),
                dueOn: try row.dateOrNil("due_on"),
                totalMinor: try row.int("total_minor"),
                paidMinor: try row.int("paid_minor"),
                creditedMinor: try row.int("credited_minor")
            ),
            number: try row.textOrNil("number"),
            issueOn: try row.dateOrNil("issue_on")
        )
    }

    /// What its verbs change.
    var columns: Values {
        Values([
            "number": self.number.map(Value.text) ?? .null,
            "issue_on": self.issueOn.map(Value.date) ?? .null,
            "due_on": self.facts.dueOn.map(Value.date) ?? .null,
            "finalized_at": self.facts.finalizedAt.map(Value.instant) ?? .null,
            "sent_at": self.facts.sentAt.map(Value.instant) ?? .null,
            "first_viewed_at": self.facts.firstViewedAt.map(Value.instant) ?? .null,
            "voided_at": self.facts.voidedAt.map(Value.instant) ?? .null,
            "paid_minor": .integer(self.facts.paidMinor),
            "credited_minor": .integer(self.facts.creditedMinor),
        ])
    }
}

/// The rules of a draft.
enum InvoiceRules {
    /// Only a draft changes; what decides amounts is calculated again, whole.
    static func change(
        _ stored: Stored,
        _ changes: inout Values,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws {
        try Invoice(stored).requireDraft()
        if let client = changes.optionalIdentifier("client_company_id") {
            guard try stored.row.uuidOrNil("engagement_id") == nil else {
                throw Fault.invalid("/client_company_id", "of_engagement", "The client is that of the engagement.")
            }
            try References.requireClient(client, for: try context.caller().organization, in: transaction)
        }
        guard DocumentTerms.names.contains(where: changes.has) else { return }
        let lines =
            changes.has("lines") ? changes.objects("lines") : try InvoiceLines.stored(try stored.row.bytes("lines"))
        var terms = try DocumentTerms(stored)
        if changes.has("discount_percent") { terms.discountPercent = changes.optionalText("discount_percent") }
        if changes.has("discount_amount_minor") {
            terms.discountAmountMinor = changes.optionalInteger("discount_amount_minor")
        }
        if let includes = changes.optionalBoolean("prices_include_tax") { terms.pricesIncludeTax = includes }
        changes.merge(try InvoiceLines.columns(lines, terms))
    }
}
