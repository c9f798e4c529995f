public import Vocabulary

/// What a session rests on: when its person last proved who they are, and by what.
public struct Authentication: Hashable, Sendable {
    /// By how much; the numbers are the levels that standards give them.
    public enum Assurance: Int64, CaseIterable, Sendable {
        case password = 1
        case secondFactor = 2
    }

    public let at: Instant
    public let assurance: Assurance

    public init(at: Instant, _ assurance: Assurance) {
        self.at = at
        self.assurance = assurance
    }

    /// The same by another clock.
    public func moved(bySeconds seconds: Int64) -> Authentication {
        Authentication(at: self.at.advanced(bySeconds: seconds), self.assurance)
    }
}
