/// How many calls of one kind may be under way at one service: as many as come, until the service refuses one because it is behind;
/// then only as many as there were when that one was sent, since more would be refused as well. So who is refused hears of it here,
/// without a trip to a service that has too much to do already.
///
/// Counts, and no delays: where processor time is short an answer waits in the gateway too, which says nothing of the service. The
/// limit follows the service's own (`ConcurrencyLimit`) down at once and up in steps, as TCP's congestion window follows a path
/// (RFC 5681): the few calls that are too many after a step say where the service's limit is by now. Times are nanoseconds and
/// passed in.
struct CallLimit: Hashable, Sendable {
    /// Of several gateways each learns its own share, and none is left with nothing.
    static let callsMin = 8
    /// Where a rising limit ends and there is none: more than a service takes (`ConcurrencyLimit.callsMax`).
    static let callsMax = 4_096
    /// How long the service must have refused nothing before the limit rises.
    static let window: UInt64 = 100_000_000
    /// It rises by this part of itself.
    static let rise = 8
    /// When nothing was refused for so long and nothing is under way, what was learnt of the rush before holds no longer.
    static let pause: UInt64 = 1_000_000_000

    /// A call on its way, by how many were under way when it was sent.
    struct Place: Hashable, Sendable {
        fileprivate let behind: Int
    }

    private(set) var limit: Int?
    private(set) var underWay = 0
    private var windowEndsAt: UInt64 = 0

    init() {}

    /// Counts a call that is about to be sent, or `nil` where it would be refused.
    mutating func enter(now: UInt64) -> Place? {
        self.rise(now)
        if let limit, self.underWay >= limit { return nil }
        self.underWay += 1
        return Place(behind: self.underWay - 1)
    }

    mutating func leave(_ place: Place, isRefused: Bool, now: UInt64) {
        self.underWay -= 1
        guard isRefused else { return self.rise(now) }
        self.limit = max(Self.callsMin, min(self.limit ?? .max, place.behind))
        self.windowEndsAt = now + Self.window
    }

    private mutating func rise(_ now: UInt64) {
        guard let limit, now >= self.windowEndsAt else { return }
        let isForgotten = self.underWay == 0 && now >= self.windowEndsAt + Self.pause
        let risen = limit + max(1, limit / Self.rise)
        self.limit = isForgotten || risen >= Self.callsMax ? nil : risen
        self.windowEndsAt = now + Self.window
    }
}
