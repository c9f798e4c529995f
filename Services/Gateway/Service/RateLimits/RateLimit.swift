/// How often something may happen: so many times a second in the long run, and so many at once.
struct RateLimit: Hashable, Sendable {
    let perSecond: Int
    let burst: Int

    init(perSecond: Int, burst: Int) {
        precondition(perSecond > 0 && burst > 0, "a limit of nothing lets nothing through")
        self.perSecond = perSecond
        self.burst = burst
    }

    /// What one request costs, in nanoseconds of the bucket's time.
    var interval: UInt64 { 1_000_000_000 / UInt64(self.perSecond) }
    /// What a full bucket holds, in nanoseconds.
    var capacity: UInt64 { self.interval * UInt64(self.burst) }

    /// The time in which an empty bucket fills, in whole seconds, for `RateLimit-Policy`.
    var windowSeconds: Int { max(1, (self.burst + self.perSecond - 1) / self.perSecond) }
}

/// A token bucket, kept as the one time at which it will be full again (GCRA). Time is passed in.
struct RateLimitBucket: Hashable, Sendable {
    struct Decision: Hashable, Sendable {
        let isAdmitted: Bool
        /// Requests that could follow at once.
        let remaining: Int
        /// Nanoseconds until the next one is admitted; 0 where it would be now.
        let wait: UInt64
        /// Nanoseconds until the bucket is full.
        let untilFull: UInt64
    }

    private(set) var fullAt: UInt64 = 0

    init() {}

    mutating func take(_ limit: RateLimit, now: UInt64) -> Decision {
        let after = max(self.fullAt, now) + limit.interval
        let debt = after - now
        guard debt <= limit.capacity else {
            return Decision(
                isAdmitted: false,
                remaining: 0,
                wait: debt - limit.capacity,
                untilFull: debt - limit.interval
            )
        }
        self.fullAt = after
        let room = limit.capacity - debt
        return Decision(isAdmitted: true, remaining: Int(room / limit.interval), wait: 0, untilFull: debt)
    }

    /// Full again: forgetting it changes nothing.
    func isFull(at now: UInt64) -> Bool { self.fullAt <= now }
}
