public import Vocabulary

/// A part of a payment that settles one invoice.
public struct Allocation: Hashable, Sendable {
    public let invoiceID: Identifier
    public let amountMinor: Int64

    public init(invoiceID: Identifier, amountMinor: Int64) {
        self.invoiceID = invoiceID
        self.amountMinor = amountMinor
    }
}

/// An invoice that a payment may settle: finalized, not voided, of the payment's client.
public struct PayableInvoice: Hashable, Sendable {
    public let id: Identifier
    public let currency: Currency
    public let balanceMinor: Int64
    public let dueOn: LocalDate

    public init(id: Identifier, currency: Currency, balanceMinor: Int64, dueOn: LocalDate) {
        self.id = id
        self.currency = currency
        self.balanceMinor = balanceMinor
        self.dueOn = dueOn
    }
}

/// How money is to be shared among invoices.
public enum AllocationRule: Hashable, Sendable {
    case explicit([Allocation])
    /// By due date, then by identifier, so that the oldest debt is settled first.
    case oldestDueFirst
}

/// Money shared among invoices, and the rest.
public struct AllocationPlan: Hashable, Sendable {
    /// In ascending order of the invoice: the order in which their rows are locked.
    public let allocations: [Allocation]
    /// What no invoice took: the client's unapplied credit.
    public let unappliedMinor: Int64

    /// Restores a stored plan; a new one comes from ``PaymentAllocator``.
    public init(allocations: [Allocation], unappliedMinor: Int64) {
        self.allocations = allocations
        self.unappliedMinor = unappliedMinor
    }
}

/// Shares a payment, or a client's unapplied credit, among invoices.
public enum PaymentAllocator {
    public static let allocationsMax = 500

    public static func plan(
        _ amountMinor: Int64,
        _ currency: Currency,
        by rule: AllocationRule,
        among invoices: [PayableInvoice]
    ) throws(Rejection) -> AllocationPlan {
        guard amountMinor > 0 else {
            throw .invalid("/amount_minor", code: "not_positive", "A payment is more than nothing.")
        }
        let allocations: [Allocation]
        switch rule {
        case .explicit(let wanted):
            try Self.require(wanted, of: amountMinor, currency, among: invoices)
            allocations = wanted
        case .oldestDueFirst:
            allocations = Self.oldestFirst(amountMinor, currency, among: invoices)
        }
        let applied = try Amounts.sum(allocations.map(\.amountMinor))
        return AllocationPlan(
            allocations: allocations.sorted { $0.invoiceID < $1.invoiceID },
            unappliedMinor: amountMinor - applied
        )
    }

    private static func require(
        _ wanted: [Allocation],
        of amountMinor: Int64,
        _ currency: Currency,
        among invoices: [PayableInvoice]
    ) throws(Rejection) {
        guard wanted.count <= Self.allocationsMax else {
            throw .invalid(
                "/allocations",
                code: "too_many",
                "A payment settles \(Self.allocationsMax) invoices at most."
            )
        }
        let known = Dictionary(invoices.map { ($0.id, $0) }) { first, _ in first }
        var seen: Set<Identifier> = []
        for (index, allocation) in wanted.enumerated() {
            let pointer = "/allocations/\(index)"
            guard seen.insert(allocation.invoiceID).inserted else {
                throw .invalid("\(pointer)/invoice_id", code: "duplicate", "Each invoice is named once.")
            }
            guard let invoice = known[allocation.invoiceID] else {
                throw .invalid("\(pointer)/invoice_id", code: "not_payable", "Nothing is owed on that invoice.")
            }
            guard invoice.currency == currency else {
                throw .invalid(
                    "\(pointer)/invoice_id",
                    code: "currency_mismatch",
                    "The invoice is in another currency."
                )
            }
            guard allocation.amountMinor > 0 else {
                throw .invalid("\(pointer)/amount_minor", code: "not_positive", "The amount is more than nothing.")
            }
            guard allocation.amountMinor <= invoice.balanceMinor else {
                throw .invalid("\(pointer)/amount_minor", code: "exceeds_balance", "The invoice's balance is less.")
            }
        }
        guard try Amounts.sum(wanted.map(\.amountMinor)) <= amountMinor else {
            throw .invalid("/allocations", code: "exceeds_payment", "The allocations sum to more than the payment.")
        }
    }

    private static func oldestFirst(
        _ amountMinor: Int64,
        _ currency: Currency,
        among invoices: [PayableInvoice]
    ) -> [Allocation] {
        var left = amountMinor
        var allocations: [Allocation] = []
        let open = invoices.filter { $0.currency == currency && $0.balanceMinor > 0 }
        for invoice in open.sorted(by: { ($0.dueOn, $0.id) < ($1.dueOn, $1.id) }) {
            guard left > 0, allocations.count < Self.allocationsMax else { break }
            let amount = min(left, invoice.balanceMinor)
            allocations.append(Allocation(invoiceID: invoice.id, amountMinor: amount))
            left -= amount
        }
        return allocations
    }
}

/// Money received from a client.
public struct Payment: Hashable, Sendable {
    public let id: Identifier
    public let amountMinor: Int64
    public let plan: AllocationPlan
    /// The row that reversed it. A payment is never changed or deleted.
    public private(set) var reversedBy: Identifier?

    public init(id: Identifier, amountMinor: Int64, plan: AllocationPlan, reversedBy: Identifier? = nil) {
        self.id = id
        self.amountMinor = amountMinor
        self.plan = plan
        self.reversedBy = reversedBy
    }
}

/// The row that undoes a payment: every amount of it, negative.
public struct PaymentReversed: Hashable, Sendable {
    public let reversalID: Identifier
    public let paymentID: Identifier
    public let amountMinor: Int64
    public let allocations: [Allocation]
    public let unappliedMinor: Int64
    public let reason: String
}

extension Payment {
    /// Undoes the payment by a row of its own, once, and only while the credit that it left has not been used.
    public mutating func reverse(
        as reversalID: Identifier,
        because reason: String,
        clientCreditMinor: Int64
    ) throws(Rejection) -> PaymentReversed {
        guard self.reversedBy == nil else {
            throw .conflict("already_reversed", "The payment was reversed before.")
        }
        guard !reason.allSatisfy(\.isWhitespace) else {
            throw .invalid("/reason", code: "required", "A payment is reversed with a reason.")
        }
        guard clientCreditMinor >= self.plan.unappliedMinor else {
            throw .conflict("credit_used", "The credit that this payment left has been used; release it first.")
        }
        self.reversedBy = reversalID
        return PaymentReversed(
            reversalID: reversalID,
            paymentID: self.id,
            amountMinor: -self.amountMinor,
            allocations: self.plan.allocations.map {
                Allocation(invoiceID: $0.invoiceID, amountMinor: -$0.amountMinor)
            },
            unappliedMinor: -self.plan.unappliedMinor,
            reason: reason
        )
    }
}
