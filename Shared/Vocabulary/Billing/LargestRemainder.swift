/// Spreads a whole over parts so that the parts sum to the whole, to the minor unit.
public enum LargestRemainder {
    /// Gives each part its share of `total` by weight, rounded down, and what is left to the largest remainders.
    ///
    /// Among equal remainders the larger weight comes first, then the larger rank, then the earlier position. Where the
    /// rank is all that distinguishes parts of equal weight, the order of the parts therefore changes nothing that
    /// matters. No part receives more than its weight as long as the total is at most the sum of weights.
    ///
    /// - Parameters:
    ///   - weights: None negative, and some positive unless the total is zero.
    ///   - ranks: What decides between equals; all equal when left out.
    public static func spread(_ total: Int64, over weights: [Int64], ranks: [Int64] = []) throws(Rejection) -> [Int64] {
        guard weights.allSatisfy({ $0 >= 0 }) else {
            throw .invalid("", code: "negative_weight", "Nothing is spread over negative amounts.")
        }
        let sum = weights.reduce(Int128(0)) { $0 + Int128($1) }
        guard sum > 0 else {
            guard total == 0 else {
                throw .invalid("", code: "nothing_to_spread_over", "There is nothing to spread the amount over.")
            }
            return weights.map { _ in 0 }
        }
        let magnitude = Int128(total.magnitude)
        var shares: [Int128] = []
        var remainders: [Int128] = []
        for weight in weights {
            let (share, remainder) = (magnitude * Int128(weight)).quotientAndRemainder(dividingBy: sum)
            shares.append(share)
            remainders.append(remainder)
        }
        let left = Int(magnitude - shares.reduce(0, +))
        let order = weights.indices.sorted { one, other in
            if remainders[one] != remainders[other] { return remainders[one] > remainders[other] }
            if weights[one] != weights[other] { return weights[one] > weights[other] }
            if !ranks.isEmpty, ranks[one] != ranks[other] { return ranks[one] > ranks[other] }
            return one < other
        }
        for index in order.prefix(left) {
            shares[index] += 1
        }
        var result: [Int64] = []
        for share in shares {
            guard let part = Int64(exactly: total < 0 ? -share : share) else { throw Amounts.tooLarge }
            result.append(part)
        }
        return result
    }
}
