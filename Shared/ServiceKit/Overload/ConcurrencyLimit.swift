/// How many calls of one kind a service has under way: as many as come while it keeps up, and only so many that none waits long
/// once it does not. Times are nanoseconds and passed in.
///
/// What tells a service that is behind from one that has slow work is the fastest call of a while: where many calls come and even
/// the luckiest of them had to wait, there is a queue that does not go away, and more calls would only lengthen it. That measure
/// is CoDel's (RFC 8289, sections 3.1 and 3.2); cutting the limit in proportion to it and raising it step by step is what Netflix's
/// concurrency-limits calls a gradient. A burst passes: nothing is refused before the queue has stood for a whole window.
struct ConcurrencyLimit: Hashable, Sendable {
    /// So many calls are always let through: a service whose fastest work is slow is not starved for it.
    static let callsMin = 64
    /// Where the limit begins and returns to.
    static let callsMax = 1_024
    /// What the fastest call of a window may take.
    static let target = 25_000_000
    /// How long a call must have been the fastest. As CoDel's interval, more than a service's usual answer takes.
    static let window: UInt64 = 100_000_000
    /// When nothing was asked for so long, what was learnt of the rush before holds no longer.
    static let pause: UInt64 = 1_000_000_000
    /// The limit is divided by this at most, in one window.
    static let cutMax = 2
    /// It rises by this part of itself.
    static let rise = 8

    private(set) var limit = Self.callsMax
    private(set) var underWay = 0
    private var windowEndsAt: UInt64 = 0
    private var fastest: Int?
    private var mostUnderWay = 0

    init() {}

    /// Whether one more call may be made; it is counted until ``leave(took:now:)``.
    mutating func enter(now: UInt64) -> Bool {
        self.adjust(now)
        guard self.underWay < self.limit else { return false }
        self.underWay += 1
        self.mostUnderWay = max(self.mostUnderWay, self.underWay)
        return true
    }

    /// A call has ended. `took` is `nil` where that says nothing of the service: nobody waited any more, or it never got there.
    mutating func leave(took: Int?, now: UInt64) {
        if let took { self.fastest = min(self.fastest ?? .max, took) }
        self.underWay -= 1
        self.adjust(now)
    }

    private mutating func adjust(_ now: UInt64) {
        guard now >= self.windowEndsAt else { return }
        if self.underWay == 0, now >= self.windowEndsAt + Self.pause {
            self.limit = Self.callsMax
        } else if self.isBehind {
            self.limit = max(Self.callsMin, min(self.limit, self.mostUnderWay * Self.target / self.slowness))
        } else {
            self.limit = min(Self.callsMax, self.limit + self.limit / Self.rise)
        }
        self.windowEndsAt = now + Self.window
        self.fastest = nil
        self.mostUnderWay = self.underWay
    }

    /// So few calls as are always let through make no queue worth the name, however slow they are.
    private var isBehind: Bool { self.mostUnderWay > Self.callsMin && self.fastest ?? .max > Self.target }
    /// Where no call ended, the fastest takes longer than the window was.
    private var slowness: Int { min(self.fastest ?? .max, Self.target * Self.cutMax) }
}
