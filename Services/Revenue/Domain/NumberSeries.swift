/// The evidence that a series has no gap.
public struct NumberSeriesProof: Hashable, Sendable {
    public let first: Int64?
    public let last: Int64?
    public let count: Int
    /// At most ``missingMax`` of them; a series without gaps has none.
    public let missing: [Int64]

    public static let missingMax = 1_000

    /// Examines the numbers in use, in any order.
    public init(of numbers: [Int64]) {
        let sorted = numbers.sorted()
        var missing: [Int64] = []
        for (number, next) in zip(sorted, sorted.dropFirst()) where next > number + 1 {
            for gap in (number + 1)..<next {
                guard missing.count < Self.missingMax else { break }
                missing.append(gap)
            }
        }
        self.first = sorted.first
        self.last = sorted.last
        self.count = sorted.count
        self.missing = missing
    }
}
