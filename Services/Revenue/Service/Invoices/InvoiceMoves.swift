internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// Makes a draft final.
struct FinalizeInvoice: Operation {
    static let declaration = OperationDeclaration(
        "revenue.invoice.finalize",
        .post("/v1/invoices/{id}/finalize"),
        access: .manage("revenue"),
        "Finalize a draft invoice: fix its amounts and give it a number."
    )
    .described(
        "The number follows the one before it without a gap. From here on the invoice is voided or credited, never changed."
    )
    .body([
        .date("issue_on").described("By default that of the draft, or today in the organization's time zone."),
        .date("due_on").described("By default that of the draft, or `payment_terms_days` after `issue_on`."),
    ])
    .answers(.object("Invoice", Resource.invoice.visible))
    .idempotent(.required)
    .faults(.notFound, .invalidTransition, .stale, .validationFailed)
    .emits("invoice.finalized")

    let id: Identifier
    let issueOn: LocalDate?
    let dueOn: LocalDate?

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.issueOn = input.optionalDate("issue_on")
        self.dueOn = input.optionalDate("due_on")
    }
}

/// Records that an invoice went out.
struct SendInvoice: Operation {
    static let declaration = OperationDeclaration(
        "revenue.invoice.send",
        .post("/v1/invoices/{id}/send"),
        access: .manage("revenue"),
        "Send a finalized invoice to the client."
    )
    .answers(.object("Invoice", Resource.invoice.visible))
    .idempotent(.required)
    .faults(.notFound, .invalidTransition, .stale)
    .emits("invoice.sent")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Records that the client has seen an invoice.
struct ViewInvoice: Operation {
    static let declaration = OperationDeclaration(
        "revenue.invoice.view",
        .post("/v1/invoices/{id}/view"),
        access: .write("revenue"),
        "Record that the client has seen a sent invoice."
    )
    .described("Only the first time counts; a second is refused.")
    .answers(.object("Invoice", Resource.invoice.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale)
    .emits("invoice.viewed")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Takes a finalized invoice back.
struct VoidInvoice: Operation {
    static let declaration = OperationDeclaration(
        "revenue.invoice.void",
        .post("/v1/invoices/{id}/void"),
        access: .manage("revenue"),
        "Void a finalized invoice that nothing was paid on."
    )
    .described(
        "It keeps its number. A draft is deleted instead; an invoice with payments or credits is credited or refunded."
    )
    .body([.text("reason", max: 2_000).required()])
    .answers(.object("Invoice", Resource.invoice.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .conflict, .stale, .validationFailed)
    .emits("invoice.voided")

    let id: Identifier
    let reason: String

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.reason = try input.text("reason")
    }
}

/// Serves the moves of an invoice: load and lock, decide, save, and write the event, in one transaction.
struct InvoiceMoves: Sendable {
    let book: InvoiceBook
    let commands: Commands

    func register(in router: inout Router) {
        let book = self.book
        router.serve(FinalizeInvoice.self) { request, context in
            try await self.move(request.id, FinalizeInvoice.declaration, context) { before, today, cause, transaction in
                let dates = try InvoiceBook.dates(
                    of: before,
                    issueOn: request.issueOn,
                    dueOn: request.dueOn,
                    today: today
                )
                return try book.finalize(
                    before,
                    issueOn: dates.issueOn,
                    dueOn: dates.dueOn,
                    because: cause,
                    in: transaction
                )
            }
        }
        router.serve(SendInvoice.self) { request, context in
            try await self.move(request.id, SendInvoice.declaration, context) { before, today, cause, transaction in
                try book.send(before, today: today, because: cause, in: transaction)
            }
        }
        router.serve(ViewInvoice.self) { request, context in
            try await self.move(request.id, ViewInvoice.declaration, context) { before, today, cause, transaction in
                try book.view(before, today: today, because: cause, in: transaction)
            }
        }
        router.serve(VoidInvoice.self) { request, context in
            try await self.move(request.id, VoidInvoice.declaration, context) { before, today, cause, transaction in
                try book.void(before, reason: request.reason, today: today, because: cause, in: transaction)
            }
        }
        router.publishes(InvoiceBook.events)
    }

    private func move(
        _ id: Identifier,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ rule: @escaping @Sendable (Stored, LocalDate, Cause, borrowing Transaction) throws -> InvoiceBook.Moved
    ) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let today = caller.zone.date(at: context.now)
        return try await self.commands.run(declaration, context) { transaction in
            let before = try self.book.invoices.lock(id, for: caller.organization, in: transaction)
            try before.require(context.ifMatch)
            let moved = try rule(before, today, cause, transaction)
            return Outcome(moved.invoice.reply(), events: [moved.event])
        }
    }
}
