internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Undoes a payment by a row of its own: every amount of it, negative.
struct ReversePayment: Operation {
    static let declaration = OperationDeclaration(
        "revenue.payment.reverse",
        .post("/v1/payments/{id}/reverse"),
        access: .manage("revenue"),
        "Reverse a payment."
    )
    .described(
        "The invoices that it settled are owed again and the credit that it left is taken back, by a reversal dated today. Answers the payment, which names its reversal."
    )
    .body([.text("reason", max: 2_000).required()])
    .answers(.object("Payment", Resource.payment.visible))
    .idempotent(.required)
    .faults(.notFound, .conflict, .stale, .validationFailed)
    .emits("payment.reversed", "invoice.payment_reversed")

    let id: Identifier
    let reason: String

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.reason = try input.text("reason")
    }
}

extension ReversePayment {
    /// Serves it. The payment's row is never locked, since it never changes: the client's credit orders those who move its money.
    struct Handler: Sendable {
        let payments: PaymentBook
        let commands: Commands

        func register(in router: inout Router) {
            router.serve(ReversePayment.self) { request, context in try await self.reverse(request, context) }
        }

        private func reverse(_ request: ReversePayment, _ context: CallContext) async throws -> Reply {
            let caller = try context.caller()
            let cause = try context.cause()
            let today = caller.zone.date(at: context.now)
            return try await self.commands.run(ReversePayment.declaration, context) { transaction in
                let known = try self.payments.read(request.id, for: caller.organization, in: transaction)
                guard try known.row.isNull("reverses_payment_id") else {
                    throw Rejection.conflict("is_reversal", "A reversal is not reversed; record the payment again.")
                }
                let client = try known.row.uuid("client_company_id")
                let currency = try Currency(stored: try known.row.text("currency"))
                let credit = try ClientCredit.lock(client, currency, because: cause, in: transaction)
                // Read again under the lock: somebody may have reversed it meanwhile.
                let before = try self.payments.read(request.id, for: caller.organization, in: transaction)
                try before.require(context.ifMatch)
                var payment = try Payment(before)
                let reversed = try payment.reverse(
                    as: Identifier.next(at: context.now),
                    because: request.reason,
                    clientCreditMinor: credit.unappliedMinor
                )
                return try self.write(reversed, of: before, credit, today, cause, transaction)
            }
        }

        private func write(
            _ reversed: PaymentReversed,
            of before: Stored,
            _ credit: ClientCredit,
            _ today: LocalDate,
            _ cause: Cause,
            _ transaction: borrowing Transaction
        ) throws -> Outcome {
            let row = before.row
            let invoices = try self.payments.book.lock(
                reversed.allocations.map(\.invoiceID),
                for: cause.organization,
                in: transaction
            )
            let lockedThrough = try PeriodLocks.lockedThrough(for: cause.organization, in: transaction)
            try PeriodLock.require(today, after: lockedThrough, at: "")
            let values = Values([
                "client_company_id": .identifier(try row.uuid("client_company_id")),
                "engagement_id": try row.uuidOrNil("engagement_id").map(Value.identifier) ?? .null,
                "currency": .text(try row.text("currency")),
                "amount_minor": .integer(reversed.amountMinor),
                "unapplied_minor": .integer(reversed.unappliedMinor),
                "received_on": .date(today),
                "method": .text(try row.text("method")),
                "reverses_payment_id": .identifier(reversed.paymentID),
                "reason": .text(reversed.reason),
                "correlation_id": .identifier(before.correlation ?? before.id),
            ])
            let reversal = try self.payments.insert(
                values,
                id: reversed.reversalID,
                reversed.allocations,
                because: cause,
                in: transaction
            )
            try credit.add(reversed.unappliedMinor, because: cause, in: transaction)
            let after = try self.payments.read(before.id, for: cause.organization, in: transaction)
            let event = self.payments.payments.event(
                "reversed",
                .statusChanged,
                after,
                extra: ["reversal": try JSON(parsing: reversal.json)],
                because: cause
            )
            var events = [event]
            let amounts = Dictionary(uniqueKeysWithValues: reversed.allocations.map { ($0.invoiceID, -$0.amountMinor) })
            for invoice in invoices {
                guard let amount = amounts[invoice.id] else { continue }
                let moved = try self.payments.book.reversePayment(
                    invoice,
                    amount,
                    because: cause.following(event),
                    in: transaction
                )
                events.append(moved.event)
            }
            return Outcome(after.reply(), events: events)
        }
    }
}

extension Payment {
    /// Restores a payment from its row.
    init(_ stored: Stored) throws {
        let allocations = try (try JSON(parsing: try stored.row.bytes("allocations")).array ?? []).map { element in
            guard let invoice = element["invoice_id"]?.identifier, let amount = element["amount_minor"]?.int64 else {
                throw Fault(.internalError, "a stored allocation cannot be read")
            }
            return Allocation(invoiceID: invoice, amountMinor: amount)
        }
        self.init(
            id: stored.id,
            amountMinor: try stored.row.int("amount_minor"),
            plan: AllocationPlan(allocations: allocations, unappliedMinor: try stored.row.int("unapplied_minor")),
            reversedBy: try stored.row.uuidOrNil("reversed_by_id")
        )
    }
}
