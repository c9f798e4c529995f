public import Vocabulary

/// A bill to a client. A draft may still become anything; a finalized one is corrected by credit, never by editing.
public struct Invoice: Hashable, Sendable {
    public let id: Identifier
    public let currency: Currency
    public private(set) var facts: InvoiceFacts
    /// Given at finalization, never before and never twice.
    public private(set) var number: String?
    public private(set) var issueOn: LocalDate?

    /// Restores a stored invoice, or begins one; it enforces no rule.
    public init(
        id: Identifier,
        currency: Currency = .usd,
        facts: InvoiceFacts = InvoiceFacts(),
        number: String? = nil,
        issueOn: LocalDate? = nil
    ) {
        self.id = id
        self.currency = currency
        self.facts = facts
        self.number = number
        self.issueOn = issueOn
    }
}

/// What happened to an invoice.
public enum InvoiceEvent: Hashable, Sendable {
    case finalized(issueOn: LocalDate, dueOn: LocalDate, totalMinor: Int64)
    case numbered(String)
    case sent(at: Instant)
    case viewed(at: Instant)
    case voided(reason: String)
    case paid(amountMinor: Int64, balanceMinor: Int64)
    case paymentReversed(amountMinor: Int64, balanceMinor: Int64)
}

extension Invoice {
    /// Throws unless lines, dates and client may still be changed, or the invoice deleted.
    public func requireDraft() throws(Rejection) {
        guard self.facts.isDraft else {
            throw .conflict("invoice_finalized", "A finalized invoice is voided or credited, not changed or deleted.")
        }
    }

    /// Fixes the amounts and dates. The number follows as the last statement, by ``number(_:)``.
    public mutating func finalize(
        _ totals: BillingTotals,
        issueOn: LocalDate,
        dueOn: LocalDate,
        lockedThrough: LocalDate?,
        at now: Instant
    ) throws(Rejection) -> InvoiceEvent {
        guard self.facts.isDraft else { throw self.refusal(to: .sent, on: issueOn) }
        guard !totals.lines.isEmpty else {
            throw .invalid("/lines", code: "required", "An invoice has at least one line.")
        }
        guard dueOn >= issueOn else {
            throw .invalid("/due_on", code: "before_issue", "An invoice is due on or after the day it is issued.")
        }
        try PeriodLock.require(issueOn, after: lockedThrough, at: "/issue_on")
        self.facts.finalizedAt = now
        self.facts.totalMinor = totals.totalMinor
        self.facts.dueOn = dueOn
        self.issueOn = issueOn
        return .finalized(issueOn: issueOn, dueOn: dueOn, totalMinor: totals.totalMinor)
    }

    /// Gives the invoice the next number of its series, once.
    public mutating func number(_ number: String) throws(Rejection) -> InvoiceEvent {
        guard self.facts.finalizedAt != nil, self.number == nil else {
            throw .conflict("number_not_due", "Only a freshly finalized invoice takes a number.")
        }
        self.number = number
        return .numbered(number)
    }

    public mutating func send(at now: Instant, today: LocalDate) throws(Rejection) -> InvoiceEvent {
        guard self.isSendable else { throw self.refusal(to: .sent, on: today) }
        self.facts.sentAt = now
        return .sent(at: now)
    }

    /// Records that the client has seen it; only the first time counts, and a second is refused.
    public mutating func view(at now: Instant, today: LocalDate) throws(Rejection) -> InvoiceEvent {
        guard self.isViewable else { throw self.refusal(to: .viewed, on: today) }
        self.facts.firstViewedAt = now
        return .viewed(at: now)
    }

    /// Takes back a finalized invoice that nothing was paid or credited on. It keeps its number.
    public mutating func void(
        because reason: String,
        lockedThrough: LocalDate?,
        at now: Instant,
        today: LocalDate
    ) throws(Rejection) -> InvoiceEvent {
        guard self.isLive else { throw self.refusal(to: .cancelled, on: today) }
        guard self.isUnsettled else {
            throw .conflict(
                "invoice_settled",
                "An invoice with payments or credits is credited or refunded, not voided."
            )
        }
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw .invalid("/reason", code: "required", "An invoice is voided with a reason.")
        }
        if let issueOn { try PeriodLock.require(issueOn, after: lockedThrough, at: "/issue_on") }
        self.facts.voidedAt = now
        return .voided(reason: reason)
    }

    // MARK: Money

    public mutating func pay(_ amountMinor: Int64) throws(Rejection) -> InvoiceEvent {
        try self.requireSettleable(amountMinor)
        self.facts.paidMinor = try Amounts.add(self.facts.paidMinor, amountMinor)
        return .paid(amountMinor: amountMinor, balanceMinor: self.facts.balanceMinor)
    }

    public mutating func reversePayment(_ amountMinor: Int64) throws(Rejection) -> InvoiceEvent {
        guard amountMinor > 0, amountMinor <= self.facts.paidMinor else {
            throw .invalid("/amount_minor", code: "out_of_range", "A reversal is at most what was paid.")
        }
        self.facts.paidMinor -= amountMinor
        return .paymentReversed(amountMinor: amountMinor, balanceMinor: self.facts.balanceMinor)
    }

    // MARK: What is possible

    private var isLive: Bool { self.facts.finalizedAt != nil && self.facts.voidedAt == nil }
    private var isSendable: Bool { self.isLive && self.facts.sentAt == nil }
    private var isViewable: Bool { self.isLive && self.facts.sentAt != nil && self.facts.firstViewedAt == nil }
    private var isUnsettled: Bool { self.facts.paidMinor == 0 && self.facts.creditedMinor == 0 }

    /// What a person may make of it now, each by the verb of its name: a draft is sent by finalizing it first, `cancelled` is a void.
    /// What only a payment's reversal or the passing of days brings about is no move.
    public var moves: [InvoiceStatus] {
        InvoiceStatus.allCases.filter { target in
            switch target {
            case .draft, .overdue: false
            case .sent: self.facts.isDraft || self.isSendable
            case .viewed: self.isViewable
            case .paid: self.isLive && self.facts.balanceMinor > 0
            case .cancelled: self.isLive && self.isUnsettled
            }
        }
    }

    private func requireSettleable(_ amountMinor: Int64) throws(Rejection) {
        guard self.isLive else {
            throw .conflict("invoice_not_payable", "Nothing is owed on a draft or a voided invoice.")
        }
        guard amountMinor > 0 else {
            throw .invalid("/amount_minor", code: "not_positive", "The amount is more than nothing.")
        }
        guard amountMinor <= self.facts.balanceMinor else {
            throw .invalid("/amount_minor", code: "exceeds_balance", "The amount is at most the invoice's balance.")
        }
    }

    private func refusal(to target: InvoiceStatus, on today: LocalDate) -> Rejection {
        .transition(
            InvoiceStatus.subject,
            from: self.facts.status(on: today).rawValue,
            to: target.rawValue,
            allowed: self.moves.map(\.rawValue)
        )
    }
}

/// The last day of the books that is closed: no document is dated on or before it.
public enum PeriodLock {
    public static func require(_ date: LocalDate, after lockedThrough: LocalDate?, at pointer: String) throws(Rejection)
    {
        if let lockedThrough, date <= lockedThrough {
            throw .invalid(pointer, code: "period_locked", "The books are closed through \(lockedThrough).")
        }
    }
}
