extension BillingDocument {
    /// Calculates the document in the fixed order of the money rules. The order of the lines never changes the total.
    public func totals() throws(Rejection) -> BillingTotals {
        guard self.lines.count <= Self.linesMax else {
            throw .invalid("/lines", code: "too_many", "A document has \(Self.linesMax) lines at most.")
        }
        // 1 and 2: each line and its own discount.
        var grosses: [Int64] = []
        var discounts: [Int64] = []
        for (index, line) in self.lines.enumerated() {
            let gross = try line.gross(at: "/lines/\(index)")
            grosses.append(gross)
            discounts.append(try line.discount?.amount(of: gross, at: "/lines/\(index)/discount") ?? 0)
        }
        let subtotals = zip(grosses, discounts).map { $0 - $1 }
        let subtotal = try Amounts.sum(subtotals)

        // 3: the document's discount, spread so that its shares sum to it. The rate is the rank, because which of two
        // equal lines bears the odd cent only matters to the tax.
        let documentDiscount = try self.discount?.amount(of: subtotal, at: "/discount") ?? 0
        let shares = try LargestRemainder.spread(
            documentDiscount,
            over: subtotals,
            ranks: self.lines.map(\.taxRate.scaled)
        )
        let amounts = zip(subtotals, shares).map { $0 - $1 }

        // 4 to 6: one tax per rate on the sum of its lines, rounded once and spread back over them.
        let (groups, taxes) = try self.tax(on: amounts)
        var lines: [BillingTotals.Line] = []
        for index in self.lines.indices {
            let net = self.pricesIncludeTax ? amounts[index] - taxes[index] : amounts[index]
            lines.append(
                BillingTotals.Line(
                    grossMinor: grosses[index],
                    discountMinor: discounts[index],
                    documentDiscountMinor: shares[index],
                    netMinor: net,
                    taxMinor: taxes[index],
                    totalMinor: try Amounts.add(net, taxes[index])
                )
            )
        }

        // 7: the total.
        let net = try Amounts.sum(lines.map(\.netMinor))
        let tax = try Amounts.sum(groups.map(\.taxMinor))
        return BillingTotals(
            lines: lines,
            taxGroups: groups,
            subtotalMinor: subtotal,
            discountMinor: documentDiscount,
            netMinor: net,
            taxMinor: tax,
            totalMinor: try Amounts.add(net, tax)
        )
    }

    private func tax(on amounts: [Int64]) throws(Rejection) -> (groups: [BillingTotals.TaxGroup], shares: [Int64]) {
        var groups: [BillingTotals.TaxGroup] = []
        var shares = amounts.map { _ in Int64(0) }
        let indexes = Dictionary(grouping: self.lines.indices) { self.lines[$0].taxRate }
        for (rate, members) in indexes.sorted(by: { $0.key < $1.key }) {
            let sum = try Amounts.sum(members.map { amounts[$0] })
            let divisor = self.pricesIncludeTax ? Rate.scale + rate.scaled : Rate.scale
            let tax = try Amounts.product(sum, rate.scaled, dividedBy: divisor)
            let base = self.pricesIncludeTax ? sum - tax : sum
            groups.append(BillingTotals.TaxGroup(rate: rate, baseMinor: base, taxMinor: tax))
            let spread = try LargestRemainder.spread(tax, over: members.map { amounts[$0] })
            for (member, share) in zip(members, spread) {
                shares[member] = share
            }
        }
        return (groups, shares)
    }
}

extension BillingDocument.Line {
    fileprivate func gross(at pointer: String) throws(Rejection) -> Int64 {
        guard self.quantity >= .zero else {
            throw .invalid(
                "\(pointer)/quantity",
                code: "negative",
                "A quantity is not negative; credit is a credit note."
            )
        }
        guard self.unitPriceMinor >= 0 else {
            throw .invalid("\(pointer)/unit_price_minor", code: "negative", "A price is not negative.")
        }
        guard (Rate.zero...Rate.one).contains(self.taxRate) else {
            throw .invalid("\(pointer)/tax_rate", code: "out_of_range", "A tax rate lies between 0 and 1.")
        }
        do throws(Rejection) {
            return try Amounts.product(self.unitPriceMinor, self.quantity.scaled, dividedBy: Quantity.scale)
        } catch {
            throw .invalid(pointer, code: "amount_too_large", error.detail)
        }
    }
}

extension BillingDocument.Discount {
    fileprivate func amount(of gross: Int64, at pointer: String) throws(Rejection) -> Int64 {
        switch self {
        case .percent(let rate):
            guard (Rate.zero...Rate.one).contains(rate) else {
                throw .invalid(pointer, code: "out_of_range", "A discount lies between 0 and 1.")
            }
            return try Amounts.product(gross, rate.scaled, dividedBy: Rate.scale)
        case .amount(let amount):
            guard (0...gross).contains(amount) else {
                throw .invalid(pointer, code: "out_of_range", "A discount is at most what it is taken off.")
            }
            return amount
        }
    }
}
