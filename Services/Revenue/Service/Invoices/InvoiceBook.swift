internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// The moves of an invoice as verbs, consumers and sweeps share them: decide by the domain, save, and make the event.
struct InvoiceBook: Sendable {
    let invoices: ResourceStore
    let report: HeldBack.Report

    /// An invoice after a move, and the event that tells of it.
    struct Moved: Sendable {
        let invoice: Stored
        let event: EventRecord
    }

    /// The dates that a draft gets when nobody says otherwise.
    static func dates(
        of draft: Stored,
        issueOn: LocalDate?,
        dueOn: LocalDate?,
        today: LocalDate
    ) throws -> (issueOn: LocalDate, dueOn: LocalDate) {
        let issued = try issueOn ?? draft.row.dateOrNil("issue_on") ?? today
        let due =
            try dueOn ?? draft.row.dateOrNil("due_on") ?? issued.adding(days: Int(draft.row.int("payment_terms_days")))
        return (issued, due)
    }

    /// Fixes a draft's amounts and dates and gives it the next number.
    func finalize(
        _ before: Stored,
        issueOn: LocalDate,
        dueOn: LocalDate,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Moved {
        var invoice = try Invoice(before)
        let totals = try InvoiceLines.document(
            try InvoiceLines.stored(try before.row.bytes("lines")),
            try DocumentTerms(before)
        ).totals()
        let lockedThrough = try PeriodLocks.lockedThrough(for: cause.organization, in: transaction)
        _ = try invoice.finalize(totals, issueOn: issueOn, dueOn: dueOn, lockedThrough: lockedThrough, at: cause.now)
        let taken = try NumberSeries.takeInvoiceNumber(
            on: issueOn,
            for: cause.organization,
            at: cause.now,
            in: transaction
        )
        _ = try invoice.number(taken.text)
        var columns = invoice.columns
        columns["number_series_id"] = .identifier(taken.seriesID)
        columns["number_value"] = .integer(taken.value)
        columns["held_back_code"] = .null
        columns["held_back_because"] = .null
        return try self.save(columns, over: before, "finalized", .statusChanged, because: cause, in: transaction)
    }

    func send(
        _ before: Stored,
        today: LocalDate,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Moved {
        var invoice = try Invoice(before)
        _ = try invoice.send(at: cause.now, today: today)
        return try self.save(invoice.columns, over: before, "sent", .sent, because: cause, in: transaction)
    }

    func view(
        _ before: Stored,
        today: LocalDate,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Moved {
        var invoice = try Invoice(before)
        _ = try invoice.view(at: cause.now, today: today)
        return try self.save(invoice.columns, over: before, "viewed", .viewed, because: cause, in: transaction)
    }

    func void(
        _ before: Stored,
        reason: String,
        today: LocalDate,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Moved {
        var invoice = try Invoice(before)
        let lockedThrough = try PeriodLocks.lockedThrough(for: cause.organization, in: transaction)
        _ = try invoice.void(because: reason, lockedThrough: lockedThrough, at: cause.now, today: today)
        var columns = invoice.columns
        columns["void_reason"] = .text(reason)
        return try self.save(columns, over: before, "voided", .statusChanged, because: cause, in: transaction)
    }

    // MARK: Money

    func pay(
        _ before: Stored,
        _ amountMinor: Int64,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Moved {
        var invoice = try Invoice(before)
        _ = try invoice.pay(amountMinor)
        let type = invoice.facts.balanceMinor == 0 ? "paid" : "partially_paid"
        return try self.save(invoice.columns, over: before, type, .paid, because: cause, in: transaction)
    }

    func reversePayment(
        _ before: Stored,
        _ amountMinor: Int64,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Moved {
        var invoice = try Invoice(before)
        _ = try invoice.reversePayment(amountMinor)
        return try self.save(
            invoice.columns,
            over: before,
            "payment_reversed",
            .statusChanged,
            because: cause,
            in: transaction
        )
    }

    /// Invoices in the one order in which their locks are taken.
    func lock(
        _ ids: [Identifier],
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> [Stored] {
        guard !ids.isEmpty else { return [] }
        return try self.invoices.rows(
            where: "id = ANY ($2::uuid[]) ORDER BY id FOR UPDATE",
            [.uuids(ids)],
            for: organization,
            in: transaction
        )
    }

    func save(
        _ columns: Values,
        over before: Stored,
        _ type: String,
        _ activity: Activity,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Moved {
        let after = try self.invoices.update(before, columns, for: cause.organization, at: cause.now, in: transaction)
        let event = self.invoices.event(type, activity, after, previous: before, because: cause)
        return Moved(invoice: after, event: event)
    }

    // MARK: Events

    private static let data: [Field] = [.object("data", Resource.invoice.told), .document("previous")]

    static let events = [
        EventDeclaration(
            "invoice.finalized",
            .statusChanged,
            "An invoice got its number; its amounts are fixed.",
            fields: data
        ),
        EventDeclaration(
            "invoice.held_back",
            .rejected,
            "An invoice that was to be finalized by itself stays a draft; `held_back_because` says why.",
            fields: data
        ),
        EventDeclaration("invoice.sent", .sent, "An invoice went out.", fields: data),
        EventDeclaration(
            "invoice.viewed",
            .viewed,
            "The client looked at an invoice for the first time.",
            fields: data
        ),
        EventDeclaration(
            "invoice.voided",
            .statusChanged,
            "A finalized invoice was taken back; it keeps its number.",
            fields: data
        ),
        EventDeclaration("invoice.paid", .paid, "An invoice's balance reached zero by a payment.", fields: data),
        EventDeclaration("invoice.partially_paid", .paid, "A part of an invoice was paid.", fields: data),
        EventDeclaration(
            "invoice.payment_reversed",
            .statusChanged,
            "A payment of an invoice was undone; it is owed again.",
            fields: data
        ),
        EventDeclaration(
            "invoice.overdue",
            .statusChanged,
            "An invoice's due date passed with a balance left.",
            fields: data
        ),
    ]
}
