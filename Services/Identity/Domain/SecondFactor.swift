public import Vocabulary

/// A second proof beside the password: codes that change every half minute (RFC 6238). Which steps of time have a code that is good.
public struct SecondFactor: Hashable, Sendable {
    public static let stepSeconds: Int64 = 30
    public static let digits = 6
    /// Clocks differ, and people type slowly.
    private static let stepsAround: Int64 = 1

    /// The newest step whose code was taken; each code is good once.
    public let lastStep: Int64

    public init(lastStep: Int64) { self.lastStep = lastStep }

    public static func step(at now: Instant) -> Int64 {
        let seconds = now.secondsSinceEpoch
        return seconds >= 0 ? seconds / Self.stepSeconds : 0
    }

    /// The steps whose code may be taken at this moment.
    public func steps(at now: Instant) -> [Int64] {
        let step = Self.step(at: now)
        return (step - Self.stepsAround...step + Self.stepsAround).filter { $0 > self.lastStep }
    }
}
