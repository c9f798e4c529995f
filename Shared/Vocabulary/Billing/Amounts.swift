/// Arithmetic on minor units that refuses to overflow. Products are taken in 128 bits, so only results can be too large.
public enum Amounts {
    public static let tooLarge = Rejection.invalid(
        "",
        code: "amount_too_large",
        "An amount is too large to be counted."
    )

    public static func add(_ left: Int64, _ right: Int64) throws(Rejection) -> Int64 {
        let (sum, overflow) = left.addingReportingOverflow(right)
        guard !overflow else { throw Self.tooLarge }
        return sum
    }

    public static func subtract(_ left: Int64, _ right: Int64) throws(Rejection) -> Int64 {
        let (difference, overflow) = left.subtractingReportingOverflow(right)
        guard !overflow else { throw Self.tooLarge }
        return difference
    }

    public static func sum(_ amounts: some Sequence<Int64>) throws(Rejection) -> Int64 {
        var sum: Int64 = 0
        for amount in amounts {
            sum = try Self.add(sum, amount)
        }
        return sum
    }

    /// `factor × other ÷ divisor`, rounded half away from zero. The divisor is positive.
    public static func product(_ factor: Int64, _ other: Int64, dividedBy divisor: Int64) throws(Rejection) -> Int64 {
        let product = Int128(factor) * Int128(other)
        let half = Int128(divisor) / 2
        // With an odd divisor nothing lies exactly half way, and its truncated half still rounds to the nearest.
        let rounded = (product < 0 ? product - half : product + half) / Int128(divisor)
        guard let result = Int64(exactly: rounded) else { throw Self.tooLarge }
        return result
    }
}
