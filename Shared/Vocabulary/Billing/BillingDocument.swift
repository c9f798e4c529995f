/// What an invoice, a proposal or a bill is calculated from.
public struct BillingDocument: Hashable, Sendable {
    public let lines: [Line]
    public let discount: Discount?
    /// Whether unit prices already contain the tax.
    public let pricesIncludeTax: Bool

    public static let linesMax = 500

    public init(lines: [Line], discount: Discount? = nil, pricesIncludeTax: Bool = false) {
        self.lines = lines
        self.discount = discount
        self.pricesIncludeTax = pricesIncludeTax
    }

    /// A line as it is asked for.
    public struct Line: Hashable, Sendable {
        public let quantity: Quantity
        public let unitPriceMinor: Int64
        public let discount: Discount?
        /// The tax rate, which the caller knows: which rate applies is not decided here.
        public let taxRate: Rate

        public init(quantity: Quantity, unitPriceMinor: Int64, discount: Discount? = nil, taxRate: Rate = .zero) {
            self.quantity = quantity
            self.unitPriceMinor = unitPriceMinor
            self.discount = discount
            self.taxRate = taxRate
        }
    }

    /// What is taken off: a share between 0 and 1, or an amount.
    public enum Discount: Hashable, Sendable {
        case percent(Rate)
        case amount(Int64)
    }
}

/// A calculated document with every step in between, so that each printed figure can be explained.
public struct BillingTotals: Hashable, Sendable {
    public let lines: [Line]
    /// One per tax rate, in ascending order of the rate.
    public let taxGroups: [TaxGroup]
    /// The lines after their own discounts.
    public let subtotalMinor: Int64
    public let discountMinor: Int64
    public let netMinor: Int64
    public let taxMinor: Int64
    public let totalMinor: Int64

    /// A line with every amount worked out.
    public struct Line: Hashable, Sendable {
        /// Quantity times unit price, rounded half away from zero.
        public let grossMinor: Int64
        public let discountMinor: Int64
        /// The line's share of the document's discount.
        public let documentDiscountMinor: Int64
        /// What is left of the line before tax.
        public let netMinor: Int64
        /// The line's share of its rate's tax.
        public let taxMinor: Int64
        public let totalMinor: Int64
    }

    /// What is taxed at one rate, and the tax on it, rounded once.
    public struct TaxGroup: Hashable, Sendable {
        public let rate: Rate
        public let baseMinor: Int64
        public let taxMinor: Int64

        public init(rate: Rate, baseMinor: Int64, taxMinor: Int64) {
            self.rate = rate
            self.baseMinor = baseMinor
            self.taxMinor = taxMinor
        }
    }
}
