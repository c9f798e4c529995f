public import Vocabulary

/// Shares of a period's price by actual days.
public enum Proration {
    /// Splits a period's price at a date into what is before it and what is from it on. The two sum to the price.
    public static func split(
        _ amountMinor: Int64,
        of period: BillingPeriod,
        at date: LocalDate
    ) throws(Rejection) -> (before: Int64, after: Int64) {
        guard date >= period.startOn, date <= period.endOn else {
            throw .invalid("/split_on", code: "out_of_range", "The date is not within the period.")
        }
        let parts = try Self.share(
            amountMinor,
            overDays: [period.startOn.days(until: date), date.days(until: period.endOn)]
        )
        return (parts[0], parts[1])
    }

    /// Shares a price over stretches of days. The parts sum to the price.
    public static func share(_ amountMinor: Int64, overDays days: [Int]) throws(Rejection) -> [Int64] {
        try LargestRemainder.spread(amountMinor, over: days.map { Int64($0) })
    }
}
