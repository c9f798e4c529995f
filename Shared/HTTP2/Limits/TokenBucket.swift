internal import NIOCore

/// A bucket that a connection's costly frames are paid from. Time is passed in.
struct TokenBucket: Hashable, Sendable {
    private static let nanosecondsPerSecond: Int64 = 1_000_000_000

    private let tokensMax: Int
    private let tokensPerSecond: Int
    private(set) var tokens: Int
    /// Up to when tokens have been granted; a part of a token is never lost to rounding.
    private var grantedUntil: NIODeadline

    init(tokensMax: Int, tokensPerSecond: Int, now: NIODeadline) {
        self.tokensMax = tokensMax
        self.tokensPerSecond = tokensPerSecond
        self.tokens = tokensMax
        self.grantedUntil = now
    }

    /// Pays; false when there is not enough, and then the bucket is empty.
    mutating func take(_ cost: Int, now: NIODeadline) -> Bool {
        if self.tokens < cost { self.refill(now) }
        guard self.tokens >= cost else {
            self.tokens = 0
            return false
        }
        self.tokens -= cost
        return true
    }

    private mutating func refill(_ now: NIODeadline) {
        guard self.tokensPerSecond > 0, now > self.grantedUntil else { return }
        let nanosecondsPerToken = Self.nanosecondsPerSecond / Int64(self.tokensPerSecond)
        let earned = (now - self.grantedUntil).nanoseconds / nanosecondsPerToken
        if earned >= Int64(self.tokensMax - self.tokens) {
            self.tokens = self.tokensMax
            self.grantedUntil = now
        } else {
            self.tokens += Int(earned)
            self.grantedUntil = self.grantedUntil + .nanoseconds(earned * nanosecondsPerToken)
        }
    }
}
