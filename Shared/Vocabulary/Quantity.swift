/// How much of something: a decimal with up to four places, such as `2.5` hours.
public struct Quantity: Hashable, Sendable {
    /// The quantity in ten-thousandths.
    public let scaled: Int64

    public init(scaled: Int64) {
        self.scaled = scaled
    }

    public static let places = 4
    /// What ``scaled`` is of one.
    public static let scale: Int64 = 10_000
    public static let zero = Quantity(scaled: 0)
    public static let one = Quantity(scaled: Self.scale)
}

extension Quantity: Comparable {
    public static func < (left: Quantity, right: Quantity) -> Bool {
        left.scaled < right.scaled
    }
}

extension Quantity: LosslessStringConvertible {
    public init?(_ text: String) {
        guard let scaled = FixedPoint.read(text, places: Self.places) else { return nil }
        self.init(scaled: scaled)
    }

    public var description: String { FixedPoint.write(self.scaled, places: Self.places) }
}
