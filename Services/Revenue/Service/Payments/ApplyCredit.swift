internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Settles invoices with a client's unapplied credit.
///
/// It is written as a payment of nothing by the method `credit`: its allocations are what its `unapplied_minor` takes from the
/// credit, so that amounts, allocations and credit always add up, and reversing it releases the credit again.
struct ApplyCredit: Operation {
    static let declaration = OperationDeclaration(
        "revenue.client_balance.apply",
        .post("/v1/client-balances/{id}/apply"),
        access: .manage("revenue"),
        "Settle invoices with a client's unapplied credit."
    )
    .described(
        """
        Answers the payment by the method `credit` that this makes; reversing it releases the credit. With `oldest_due_first` \
        as much is used as there is, or `amount_minor` of it.
        """
    )
    .body([.money("amount_minor", 1...Field.minorUnitsMax).nullable()] + AllocationInput.fields)
    .answers(.object("Payment", Resource.payment.visible), status: 201)
    .idempotent(.required)
    .faults(.notFound, .validationFailed, .conflict)
    .emits("payment.applied", "invoice.paid", "invoice.partially_paid")

    let id: Identifier
    let amountMinor: Int64?
    let rule: AllocationRule

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.amountMinor = input.optionalInteger("amount_minor")
        self.rule = try AllocationInput.rule(input)
    }
}

extension ApplyCredit {
    /// Serves it: lock the credit, then the invoices by id, as every payment does.
    struct Handler: Sendable {
        let payments: PaymentBook
        let commands: Commands

        func register(in router: inout Router) {
            router.serve(ApplyCredit.self) { request, context in try await self.apply(request, context) }
        }

        private func apply(_ request: ApplyCredit, _ context: CallContext) async throws -> Reply {
            let caller = try context.caller()
            let cause = try context.cause()
            let today = caller.zone.date(at: context.now)
            return try await self.commands.run(ApplyCredit.declaration, context) { transaction in
                let owner = try transaction.query(
                    "SELECT client_company_id, currency FROM client_balance WHERE organization_id = $1 AND id = $2",
                    [.uuid(caller.organization), .uuid(request.id)]
                ).first
                guard let owner, let currency = Currency(try owner.text("currency")) else {
                    throw Fault.notFound("client balance")
                }
                let client = try owner.uuid("client_company_id")
                let credit = try ClientCredit.lock(client, currency, because: cause, in: transaction)
                let amount = request.amountMinor ?? credit.unappliedMinor
                guard amount > 0, amount <= credit.unappliedMinor else {
                    throw Rejection.conflict(
                        "exceeds_credit",
                        "The client's unapplied credit is \(credit.unappliedMinor)."
                    )
                }
                let invoices = try self.payments.lockPayable(
                    by: request.rule,
                    of: client,
                    currency,
                    for: caller.organization,
                    in: transaction
                )
                let lockedThrough = try PeriodLocks.lockedThrough(for: caller.organization, in: transaction)
                try PeriodLock.require(today, after: lockedThrough, at: "")
                let plan = try PaymentAllocator.plan(
                    amount,
                    currency,
                    by: request.rule,
                    among: try invoices.map { try PayableInvoice($0) }
                )
                guard !plan.allocations.isEmpty else {
                    throw Rejection.invalid("/allocations", code: "required", "There is no invoice to settle.")
                }
                return try self.write(plan, amount, invoices, credit, client, currency, today, cause, transaction)
            }
        }

        private func write(
            _ plan: AllocationPlan,
            _ amountMinor: Int64,
            _ invoices: [Stored],
            _ credit: ClientCredit,
            _ client: Identifier,
            _ currency: Currency,
            _ today: LocalDate,
            _ cause: Cause,
            _ transaction: borrowing Transaction
        ) throws -> Outcome {
            let byID = Dictionary(uniqueKeysWithValues: invoices.map { ($0.id, $0) })
            let story = try PaymentBook.shared(plan.allocations.compactMap { byID[$0.invoiceID] })
            let id = Identifier.next(at: cause.now)
            let used = amountMinor - plan.unappliedMinor
            let values = Values([
                "client_company_id": .identifier(client),
                "engagement_id": story.engagement.map(Value.identifier) ?? .null,
                "currency": .text(currency.code),
                "amount_minor": .integer(0),
                "unapplied_minor": .integer(-used),
                "received_on": .date(today),
                "method": .text(PaymentMethod.credit.rawValue),
                "correlation_id": .identifier(story.correlation ?? id),
            ])
            let payment = try self.payments.insert(values, id: id, plan.allocations, because: cause, in: transaction)
            try credit.add(-used, because: cause, in: transaction)
            let applied = self.payments.payments.event("applied", .paid, payment, because: cause)
            let settled = try self.payments.settle(plan, byID, because: cause.following(applied), in: transaction)
            return Outcome(
                payment.reply(status: 201, location: "\(Resource.payment.path)/\(payment.id)"),
                events: [applied] + settled
            )
        }
    }
}
