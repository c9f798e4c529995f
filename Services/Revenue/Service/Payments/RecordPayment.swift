internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Records money received and shares it among invoices; what no invoice takes is the client's credit.
struct RecordPayment: Operation {
    static let declaration = OperationDeclaration(
        "revenue.payment.create",
        .post("/v1/payments"),
        access: .manage("revenue"),
        "Record a payment and allocate it to invoices."
    )
    .described(
        """
        `explicit` settles the invoices that `allocations` names, `oldest_due_first` the client's open invoices by due date. \
        What is left becomes the client's unapplied credit. A payment is never changed or deleted; `reverse` undoes it.
        """
    )
    .body(
        [
            .identifier("client_company_id").required(),
            .money("amount_minor", 1...Field.minorUnitsMax).required().example(250_000),
            .currency().described("By default the organization's."),
            .date("received_on").described("By default today in the organization's time zone."),
            .choice("method", PaymentMethod.received.map(\.rawValue)).required(),
            .text("external_reference", max: 255).nullable().described(
                "The bank's or the provider's own id; the same one is refused for the same method."
            ),
            .text("note", max: 2_000).nullable().redacted(.content),
        ] + AllocationInput.fields
    )
    .answers(.object("Payment", Resource.payment.visible), status: 201)
    .idempotent(.required)
    .faults(.validationFailed, .conflict)
    .emits("payment.recorded", "invoice.paid", "invoice.partially_paid")

    let client: Identifier
    let amountMinor: Int64
    let currency: String?
    let receivedOn: LocalDate?
    let method: String
    let reference: String?
    let rule: AllocationRule
    let note: String?

    init(_ input: Values) throws(Fault) {
        self.client = try input.identifier("client_company_id")
        self.amountMinor = try input.integer("amount_minor")
        self.currency = input.optionalText("currency")
        self.receivedOn = input.optionalDate("received_on")
        self.method = try input.text("method")
        self.reference = input.optionalText("external_reference")
        self.note = input.optionalText("note")
        self.rule = try AllocationInput.rule(input)
    }
}

extension RecordPayment {
    /// Serves it: lock the client's credit, then the invoices by id; plan by the domain; write the rows and the events.
    struct Handler: Sendable {
        let payments: PaymentBook
        let commands: Commands

        func register(in router: inout Router) {
            router.serve(RecordPayment.self) { request, context in try await self.record(request, context) }
        }

        private func record(_ request: RecordPayment, _ context: CallContext) async throws -> Reply {
            let caller = try context.caller()
            let cause = try context.cause()
            let currency = request.currency.flatMap(Currency.init(_:)) ?? caller.currency
            let receivedOn = request.receivedOn ?? caller.zone.date(at: context.now)
            return try await self.commands.run(RecordPayment.declaration, context) { transaction in
                try References.requireClient(request.client, orDeleted: true, for: caller.organization, in: transaction)
                let credit = try ClientCredit.lock(request.client, currency, because: cause, in: transaction)
                let invoices = try self.payments.lockPayable(
                    by: request.rule,
                    of: request.client,
                    currency,
                    for: caller.organization,
                    in: transaction
                )
                let lockedThrough = try PeriodLocks.lockedThrough(for: caller.organization, in: transaction)
                try PeriodLock.require(receivedOn, after: lockedThrough, at: "/received_on")
                let plan = try PaymentAllocator.plan(
                    request.amountMinor,
                    currency,
                    by: request.rule,
                    among: try invoices.map { try PayableInvoice($0) }
                )
                return try self.write(request, plan, invoices, credit, currency, receivedOn, cause, transaction)
            }
        }

        private func write(
            _ request: RecordPayment,
            _ plan: AllocationPlan,
            _ invoices: [Stored],
            _ credit: ClientCredit,
            _ currency: Currency,
            _ receivedOn: LocalDate,
            _ cause: Cause,
            _ transaction: borrowing Transaction
        ) throws -> Outcome {
            let byID = Dictionary(uniqueKeysWithValues: invoices.map { ($0.id, $0) })
            let settled = plan.allocations.compactMap { byID[$0.invoiceID] }
            let story = try PaymentBook.shared(settled)
            let id = Identifier.next(at: cause.now)
            let values = Values([
                "client_company_id": .identifier(request.client),
                "engagement_id": story.engagement.map(Value.identifier) ?? .null,
                "currency": .text(currency.code),
                "amount_minor": .integer(request.amountMinor),
                "unapplied_minor": .integer(plan.unappliedMinor),
                "received_on": .date(receivedOn),
                "method": .text(request.method),
                "external_reference": request.reference.map(Value.text) ?? .null,
                "note": request.note.map(Value.text) ?? .null,
                "correlation_id": .identifier(story.correlation ?? id),
            ])
            let payment = try self.payments.insert(values, id: id, plan.allocations, because: cause, in: transaction)
            try credit.add(plan.unappliedMinor, because: cause, in: transaction)
            let recorded = self.payments.payments.event("recorded", .paid, payment, because: cause)
            let paid = try self.payments.settle(plan, byID, because: cause.following(recorded), in: transaction)
            return Outcome(
                payment.reply(status: 201, location: "\(Resource.payment.path)/\(payment.id)"),
                events: [recorded] + paid
            )
        }
    }
}
