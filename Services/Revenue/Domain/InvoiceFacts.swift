public import Vocabulary

/// What is stored of an invoice's life. Its status is derived from these, so it can never contradict them.
public struct InvoiceFacts: Hashable, Sendable {
    public var finalizedAt: Instant?
    public var sentAt: Instant?
    public var firstViewedAt: Instant?
    public var voidedAt: Instant?
    public var dueOn: LocalDate?
    public var totalMinor: Int64
    public var paidMinor: Int64
    public var creditedMinor: Int64

    public init(
        finalizedAt: Instant? = nil,
        sentAt: Instant? = nil,
        firstViewedAt: Instant? = nil,
        voidedAt: Instant? = nil,
        dueOn: LocalDate? = nil,
        totalMinor: Int64 = 0,
        paidMinor: Int64 = 0,
        creditedMinor: Int64 = 0
    ) {
        self.finalizedAt = finalizedAt
        self.sentAt = sentAt
        self.firstViewedAt = firstViewedAt
        self.voidedAt = voidedAt
        self.dueOn = dueOn
        self.totalMinor = totalMinor
        self.paidMinor = paidMinor
        self.creditedMinor = creditedMinor
    }
}

extension InvoiceFacts {
    /// What the client still owes; nothing on a voided invoice.
    public var balanceMinor: Int64 {
        self.voidedAt == nil ? self.totalMinor - self.paidMinor - self.creditedMinor : 0
    }

    public var isDraft: Bool { self.finalizedAt == nil && self.voidedAt == nil }

    /// Whether the organization's today is past the due date with a balance left. A partly paid invoice can be overdue.
    public func isOverdue(on today: LocalDate) -> Bool {
        guard self.finalizedAt != nil, let dueOn, self.balanceMinor > 0 else { return false }
        return today > dueOn
    }

    public var paymentState: InvoicePaymentState {
        if self.voidedAt == nil, self.finalizedAt != nil, self.balanceMinor == 0 {
            return self.creditedMinor > 0 && self.paidMinor == 0 ? .credited : .paid
        }
        return self.paidMinor > 0 || self.creditedMinor > 0 ? .partial : .unpaid
    }

    /// The one word for it all. A finalized invoice has a number and is no draft any more, so until it is viewed it
    /// counts as sent; one that is credited to nothing without any payment counts as cancelled.
    public func status(on today: LocalDate) -> InvoiceStatus {
        if self.voidedAt != nil { return .cancelled }
        if self.finalizedAt == nil { return .draft }
        switch self.paymentState {
        case .paid: return .paid
        case .credited: return .cancelled
        case .unpaid, .partial: break
        }
        if self.isOverdue(on: today) { return .overdue }
        return self.firstViewedAt == nil ? .sent : .viewed
    }
}

/// How far an invoice is settled, whatever its status.
public enum InvoicePaymentState: String, CaseIterable, Sendable {
    case unpaid, partial, paid, credited
}

/// The seed's status, derived. Its successors say which later facts can lead where: a payment can be reversed and a
/// due date extended, so only `cancelled` is for good.
public enum InvoiceStatus: String, Lifecycle {
    case draft, sent, viewed, paid, overdue, cancelled

    public static let subject = "The invoice"

    public var successors: [InvoiceStatus] {
        switch self {
        case .draft: [.sent, .paid]
        case .sent: [.viewed, .paid, .overdue, .cancelled]
        case .viewed: [.paid, .overdue, .cancelled]
        case .overdue: [.sent, .viewed, .paid, .cancelled]
        case .paid: [.sent, .viewed, .overdue, .cancelled]
        case .cancelled: []
        }
    }
}
