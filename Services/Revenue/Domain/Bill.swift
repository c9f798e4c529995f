public import Vocabulary

/// What a vendor asks the organization to pay.
public struct Bill: Hashable, Sendable {
    public let id: Identifier
    public let createdBy: Identifier
    public let totalMinor: Int64
    public private(set) var status: Status
    public private(set) var paidMinor: Int64

    /// Restores a stored bill, or begins one; it enforces no rule.
    public init(
        id: Identifier,
        createdBy: Identifier,
        totalMinor: Int64,
        status: Status = .pending,
        paidMinor: Int64 = 0
    ) {
        self.id = id
        self.createdBy = createdBy
        self.totalMinor = totalMinor
        self.status = status
        self.paidMinor = paidMinor
    }

    /// `paid` follows from payments alone, and leads back to `approved` when one is reversed.
    public enum Status: String, Lifecycle {
        case pending, approved, rejected, paid, cancelled

        public static let subject = "The bill"

        public var successors: [Status] {
            switch self {
            case .pending: [.approved, .rejected, .cancelled]
            case .approved: [.paid, .cancelled]
            case .paid: [.approved]
            case .rejected, .cancelled: []
            }
        }
    }
}

/// What happened to a bill.
public enum BillEvent: Hashable, Sendable {
    case approved(by: Identifier)
    case rejected(reason: String)
    case cancelled(reason: String)
    case paid(amountMinor: Int64, isSettled: Bool)
    case paymentReversed(amountMinor: Int64)
}

extension Bill {
    public var balanceMinor: Int64 { self.totalMinor - self.paidMinor }

    /// Approves the bill; above the organization's limit by somebody other than who entered it.
    public mutating func approve(by approver: Identifier, alone limitMinor: Int64?) throws(Rejection) -> BillEvent {
        guard self.status == .pending else { throw self.status.refusal(to: .approved) }
        if let limitMinor, self.totalMinor > limitMinor, approver == self.createdBy {
            throw .conflict(
                "second_person_required",
                "A bill this large is approved by somebody else than its creator."
            )
        }
        self.status = .approved
        return .approved(by: approver)
    }

    public mutating func reject(because reason: String) throws(Rejection) -> BillEvent {
        try self.status.require(to: .rejected)
        try Self.require(reason)
        self.status = .rejected
        return .rejected(reason: reason)
    }

    public mutating func cancel(because reason: String) throws(Rejection) -> BillEvent {
        try self.status.require(to: .cancelled)
        try Self.require(reason)
        guard self.paidMinor == 0 else {
            throw .conflict("bill_partly_paid", "A bill that something was paid on is not cancelled.")
        }
        self.status = .cancelled
        return .cancelled(reason: reason)
    }

    public mutating func pay(_ amountMinor: Int64) throws(Rejection) -> BillEvent {
        guard self.status == .approved else { throw self.status.refusal(to: .paid) }
        guard amountMinor > 0, amountMinor <= self.balanceMinor else {
            throw .invalid("/amount_minor", code: "exceeds_balance", "A payment is at most the bill's balance.")
        }
        self.paidMinor += amountMinor
        if self.balanceMinor == 0 { self.status = .paid }
        return .paid(amountMinor: amountMinor, isSettled: self.balanceMinor == 0)
    }

    public mutating func reversePayment(_ amountMinor: Int64) throws(Rejection) -> BillEvent {
        guard amountMinor > 0, amountMinor <= self.paidMinor else {
            throw .invalid("/amount_minor", code: "out_of_range", "A reversal is at most what was paid.")
        }
        self.paidMinor -= amountMinor
        if self.status == .paid { self.status = .approved }
        return .paymentReversed(amountMinor: amountMinor)
    }

    private static func require(_ reason: String) throws(Rejection) {
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw .invalid("/reason", code: "required", "A reason is required.")
        }
    }
}
