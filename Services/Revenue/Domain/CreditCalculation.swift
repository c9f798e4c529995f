public import Vocabulary

/// What of an invoice line can still be credited: the stored amounts less what earlier credit notes took.
public struct CreditableLine: Hashable, Sendable {
    public let netMinor: Int64
    public let taxMinor: Int64

    public init(netMinor: Int64, taxMinor: Int64) {
        self.netMinor = netMinor
        self.taxMinor = taxMinor
    }
}

/// A credit spread over an invoice's lines.
public struct CreditTotals: Hashable, Sendable {
    /// Net and tax for each line of the invoice, zero where it credits nothing.
    public let lines: [CreditableLine]
    public let netMinor: Int64
    public let taxMinor: Int64

    public var totalMinor: Int64 { self.netMinor + self.taxMinor }
}

extension CreditTotals {
    /// Credits `amount`, tax included, over what remains of each line.
    ///
    /// It never calculates a tax again but shares out the stored one, so the last credit takes exactly what is left and
    /// a full credit brings the balance to exactly zero.
    public static func crediting(_ amount: Int64, of remaining: [CreditableLine]) throws(Rejection) -> CreditTotals {
        guard amount > 0 else {
            throw .invalid("/amount_minor", code: "not_positive", "A credit is more than nothing.")
        }
        var weights: [Int64] = []
        for line in remaining {
            weights.append(try Amounts.add(line.netMinor, line.taxMinor))
        }
        guard amount <= (try Amounts.sum(weights)) else {
            throw .invalid("/amount_minor", code: "exceeds_invoice", "A credit is at most what the invoice has left.")
        }
        let shares = try LargestRemainder.spread(amount, over: weights)
        var lines: [CreditableLine] = []
        for (line, share) in zip(remaining, shares) {
            let parts = try LargestRemainder.spread(share, over: [line.netMinor, line.taxMinor])
            lines.append(CreditableLine(netMinor: parts[0], taxMinor: parts[1]))
        }
        return CreditTotals(
            lines: lines,
            netMinor: try Amounts.sum(lines.map(\.netMinor)),
            taxMinor: try Amounts.sum(lines.map(\.taxMinor))
        )
    }
}
