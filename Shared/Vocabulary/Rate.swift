/// A share of something: a decimal with up to six places, where `0.19` is 19 percent.
public struct Rate: Hashable, Sendable {
    /// The rate in millionths.
    public let scaled: Int64

    public init(scaled: Int64) {
        self.scaled = scaled
    }

    public static let places = 6
    /// What ``scaled`` is of one.
    public static let scale: Int64 = 1_000_000
    public static let zero = Rate(scaled: 0)
    public static let one = Rate(scaled: Self.scale)
}

extension Rate: Comparable {
    public static func < (left: Rate, right: Rate) -> Bool {
        left.scaled < right.scaled
    }
}

extension Rate: LosslessStringConvertible {
    public init?(_ text: String) {
        guard let scaled = FixedPoint.read(text, places: Self.places) else { return nil }
        self.init(scaled: scaled)
    }

    public var description: String { FixedPoint.write(self.scaled, places: Self.places) }
}
