public import Vocabulary

/// What milestones bill where they say a part of the whole instead of an amount.
public enum MilestoneShares {
    /// Refuses parts that are none, or that are together more than the whole.
    public static func require(_ shares: [Rate?], at pointer: String) throws(Rejection) {
        var sum: Int64 = 0
        for case let share? in shares {
            guard (0...Rate.scale).contains(share.scaled) else {
                throw .invalid(pointer, code: "out_of_range", "A milestone bills between 0 and 100 percent.")
            }
            sum += share.scaled
        }
        guard sum <= Rate.scale else {
            throw .invalid(pointer, code: "over_the_whole", "The milestones bill more than 100 percent together.")
        }
    }

    /// The amount of each part of `totalMinor`. What the parts leave over counts as a part of its own, so that those of the whole sum
    /// to the whole, to the minor unit, and one part alone is rounded to the nearest.
    public static func amounts(
        _ shares: [Rate?],
        of totalMinor: Int64,
        at pointer: String
    ) throws(Rejection) -> [Int64?] {
        try Self.require(shares, at: pointer)
        let weights = shares.map { $0?.scaled ?? 0 }
        let left = Rate.scale - weights.reduce(0, +)
        let amounts = try LargestRemainder.spread(totalMinor, over: weights + [left])
        return zip(shares, amounts).map { share, amount in share.map { _ in amount } }
    }
}
