internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

extension Resource {
    /// Money received. A row never changes: what undoes it is a row of its own, and `reversed_by_id` follows from that row.
    static let payment: Resource = {
        var resource = Resource(
            service: "revenue",
            name: "payment",
            plural: "payments",
            table: "payment",
            fields: [
                .identifier("client_company_id").filterable(),
                .identifier("engagement_id").nullable().filterable().described(
                    "Where every invoice it settles is of one engagement."
                ),
                .currency().filterable(),
                .money("amount_minor", -Field.minorUnitsMax...Field.minorUnitsMax).filterable().described(
                    "Negative on a reversal."
                ),
                .money("unapplied_minor", -Field.minorUnitsMax...Field.minorUnitsMax).described(
                    "What no invoice took: the client's credit."
                ),
                .date("received_on").filterable().sortable(),
                .choice("method", PaymentMethod.self).filterable(),
                .text("external_reference", max: 255).nullable().filterable(),
                .list("allocations", of: Self.allocation, countMax: PaymentAllocator.allocationsMax),
                .identifier("reverses_payment_id").nullable().filterable().described(
                    "On a reversal: the payment that it undoes."
                ),
                .identifier("reversed_by_id").nullable().described("The reversal that undid it."),
                .text("reason", max: 2_000).nullable().described("On a reversal: why."),
                .text("note", max: 2_000).nullable().redacted(.content),
            ]
        )
        resource.computed = [
            "allocations": """
            SELECT coalesce(jsonb_agg(jsonb_build_object('invoice_id', a.invoice_id, 'amount_minor', a.amount_minor)
                ORDER BY a.invoice_id), '[]')
            FROM payment_allocation a WHERE a.organization_id = payment.organization_id AND a.payment_id = payment.id
            """,
            "reversed_by_id": """
            SELECT r.id FROM payment r WHERE r.organization_id = payment.organization_id AND r.reverses_payment_id = payment.id
            """,
            // Being reversed is a change that the ETag must tell, though the row stays as it is.
            "version": """
            SELECT 1 + count(*) FROM payment r
            WHERE r.organization_id = payment.organization_id AND r.reverses_payment_id = payment.id
            """,
        ]
        resource.actions = [.get, .list]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.isStory = true
        resource.engagementField = "engagement_id"
        return resource
    }()

    private static let allocation: [Field] = [
        .identifier("invoice_id"), .money("amount_minor", -Field.minorUnitsMax...Field.minorUnitsMax),
    ]

    /// What a client has paid and no invoice has taken, per currency.
    static let clientBalance: Resource = {
        var resource = Resource(
            service: "revenue",
            name: "client_balance",
            plural: "client-balances",
            table: "client_balance",
            fields: [
                .identifier("client_company_id").readOnly().filterable(),
                .currency().readOnly().filterable(),
                .money("unapplied_minor").readOnly().filterable().described("Credit that no invoice has taken."),
                .money("receivable_minor").readOnly().described("What the client owes on its invoices."),
            ]
        )
        resource.computed = [
            "receivable_minor": """
            SELECT coalesce(sum(i.balance_minor), 0)::bigint FROM invoice i
            WHERE i.organization_id = client_balance.organization_id AND i.client_company_id = client_balance.client_company_id
                AND i.currency = client_balance.currency AND i.finalized_at IS NOT NULL AND i.voided_at IS NULL AND i.balance_minor > 0
            """
        ]
        resource.actions = [.get, .list]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        return resource
    }()
}

/// How money reached the organization.
enum PaymentMethod: String, CaseIterable, Sendable {
    case bankTransfer = "bank_transfer"
    case directDebit = "direct_debit"
    case card, cheque, cash, other
    /// Nothing was received: the client's unapplied credit settled invoices.
    case credit

    /// What a person may say of money that came in.
    static let received = Self.allCases.filter { $0 != .credit }
}
