internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// What recording a payment and undoing one have in common: the rows they write and the invoices they move.
struct PaymentBook: Sendable {
    let payments: ResourceStore
    let book: InvoiceBook

    private static let data: [Field] = [.object("data", Resource.payment.told)]

    static let events = [
        EventDeclaration("payment.recorded", .paid, "Money was received from a client.", fields: data),
        EventDeclaration("payment.applied", .paid, "A client's unapplied credit settled invoices.", fields: data),
        EventDeclaration(
            "payment.reversed",
            .statusChanged,
            "A payment was undone by a row of its own.",
            fields: data + [.object("reversal", Resource.payment.visible)]
        ),
    ]

    /// The invoices of a client that money can settle by a rule: locked in order of their ids, after the client's credit.
    func lockPayable(
        by rule: AllocationRule,
        of client: Identifier,
        _ currency: Currency,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> [Stored] {
        let named: [Identifier] =
            switch rule {
            case .explicit(let allocations): allocations.map(\.invoiceID)
            case .oldestDueFirst: try self.openInvoices(of: client, currency, for: organization, in: transaction)
            }
        return try self.book.lock(named, for: organization, in: transaction).filter { stored in
            try stored.row.uuid("client_company_id") == client && !stored.row.isNull("finalized_at")
                && stored.row.isNull("voided_at")
        }
    }

    /// Moves the invoices that a plan settles, and answers what is to be told of them.
    func settle(
        _ plan: AllocationPlan,
        _ invoices: [Identifier: Stored],
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        var events: [EventRecord] = []
        for allocation in plan.allocations {
            guard let invoice = invoices[allocation.invoiceID] else { continue }
            events.append(try self.book.pay(invoice, allocation.amountMinor, because: cause, in: transaction).event)
        }
        return events
    }

    /// A client's open invoices, the longest due first. Their locks are taken afterwards, in order of id.
    private func openInvoices(
        of client: Identifier,
        _ currency: Currency,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> [Identifier] {
        let rows = try transaction.query(
            """
            SELECT id FROM invoice
            WHERE organization_id = $1 AND client_company_id = $2 AND currency = $3
                AND finalized_at IS NOT NULL AND voided_at IS NULL AND balance_minor > 0
            ORDER BY due_on, id LIMIT $4
            """,
            [.uuid(organization), .uuid(client), .text(currency.code), .int(Int64(PaymentAllocator.allocationsMax))]
        )
        return try rows.map { try $0.uuid("id") }
    }

    /// Writes a payment's or a reversal's row and its allocations, and reads the whole back. A payment takes its reference, so
    /// that the same money is not recorded twice; its reversal gives that free.
    func insert(
        _ values: Values,
        id: Identifier,
        _ allocations: [Allocation],
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Stored {
        _ = try self.payments.insert(values, id: id, for: cause.organization, at: cause.now, in: transaction)
        for allocation in allocations {
            try transaction.queue(
                "INSERT INTO payment_allocation (organization_id, payment_id, invoice_id, amount_minor) VALUES ($1, $2, $3, $4)",
                [.uuid(cause.organization), .uuid(id), .uuid(allocation.invoiceID), .int(allocation.amountMinor)]
            )
        }
        if let reversed = values.optionalIdentifier("reverses_payment_id") {
            try transaction.queue(
                "DELETE FROM payment_reference WHERE organization_id = $1 AND payment_id = $2",
                [.uuid(cause.organization), .uuid(reversed)]
            )
        } else if let reference = values.optionalText("external_reference") {
            try transaction.queue(
                "INSERT INTO payment_reference (organization_id, payment_id, method, external_reference) VALUES ($1, $2, $3, $4)",
                [.uuid(cause.organization), .uuid(id), .text(try values.text("method")), .text(reference)]
            )
        }
        return try self.read(id, for: cause.organization, in: transaction)
    }

    func read(_ id: Identifier, for organization: Identifier, in transaction: borrowing Transaction) throws -> Stored {
        guard let stored = try self.payments.find(id, for: organization, in: transaction) else {
            throw Fault.notFound("payment")
        }
        return stored
    }

    /// The story and the engagement that all of these invoices share; none where they differ.
    static func shared(_ invoices: [Stored]) throws -> (correlation: Identifier?, engagement: Identifier?) {
        let stories = Set(invoices.compactMap(\.correlation))
        let engagements = Set(try invoices.map { try $0.row.uuidOrNil("engagement_id") })
        return (
            stories.count == 1 ? stories.first : nil,
            engagements.count == 1 ? engagements.first.flatMap { $0 } : nil
        )
    }
}

extension PayableInvoice {
    init(_ stored: Stored) throws {
        let invoice = try Invoice(stored)
        self.init(
            id: stored.id,
            currency: invoice.currency,
            balanceMinor: invoice.facts.balanceMinor,
            dueOn: invoice.facts.dueOn ?? .distantFuture
        )
    }
}

/// How a request says which invoices its money settles.
enum AllocationInput {
    static let fields: [Field] = [
        .choice("allocation", ["explicit", "oldest_due_first"]).defaulting(to: "explicit"),
        .list("allocations", of: Self.allocation, countMax: PaymentAllocator.allocationsMax).defaulting(to: []),
    ]

    private static let allocation: [Field] = [
        .identifier("invoice_id").required(), .money("amount_minor", 1...Field.minorUnitsMax).required(),
    ]

    static func rule(_ input: Values) throws(Fault) -> AllocationRule {
        var allocations: [Allocation] = []
        for allocation in input.objects("allocations") {
            allocations.append(
                Allocation(
                    invoiceID: try allocation.identifier("invoice_id"),
                    amountMinor: try allocation.integer("amount_minor")
                )
            )
        }
        guard try input.text("allocation") == "oldest_due_first" else { return .explicit(allocations) }
        guard allocations.isEmpty else {
            throw Fault.invalid(
                "/allocations",
                "not_explicit",
                "Invoices are named only with the allocation explicit."
            )
        }
        return .oldestDueFirst
    }
}
