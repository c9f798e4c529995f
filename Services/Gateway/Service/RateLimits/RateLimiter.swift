internal import Synchronization
internal import Vocabulary

/// The limits of an installation.
struct RateLimits: Hashable, Sendable {
    var credential = RateLimit(perSecond: 200, burst: 400)
    var organization = RateLimit(perSecond: 500, burst: 1_000)
    /// For whoever brings no credential, or a wrong one.
    var address = RateLimit(perSecond: 20, burst: 40)
}

/// Whose bucket a request is paid from.
enum RateLimitKey: Hashable, Sendable {
    case credential(TokenHash)
    case organization(Identifier)
    case address(String)
}

/// All buckets, at most so many.
struct RateLimitTable: Sendable {
    private let bucketsMax: Int
    private var buckets: [RateLimitKey: RateLimitBucket] = [:]

    init(bucketsMax: Int = 100_000) { self.bucketsMax = bucketsMax }

    var count: Int { self.buckets.count }

    mutating func take(_ key: RateLimitKey, _ limit: RateLimit, now: UInt64) -> RateLimitBucket.Decision {
        if self.buckets.count >= self.bucketsMax, self.buckets[key] == nil { self.makeRoom(now) }
        return self.buckets[key, default: RateLimitBucket()].take(limit, now: now)
    }

    /// Full buckets are forgotten without loss. Where all are in use, a quarter gets a fresh start: rather too generous
    /// to some than without bound.
    private mutating func makeRoom(_ now: UInt64) {
        self.buckets = self.buckets.filter { !$0.value.isFull(at: now) }
        guard self.buckets.count >= self.bucketsMax else { return }
        for key in self.buckets.keys.prefix(max(1, self.bucketsMax / 4)) { self.buckets[key] = nil }
    }
}

/// Decides by the clock of the event loops, from any of them.
final class RateLimiter: Sendable {
    let limits: RateLimits
    private let table: Mutex<RateLimitTable>

    init(_ limits: RateLimits, bucketsMax: Int = 100_000) {
        self.limits = limits
        self.table = Mutex(RateLimitTable(bucketsMax: bucketsMax))
    }

    /// For a request with a credential: its own bucket and its organization's.
    func take(credential: TokenHash, organization: Identifier, now: UInt64) -> RateLimitStanding {
        let (own, shared) = self.table.withLock { table in
            let own = table.take(.credential(credential), self.limits.credential, now: now)
            guard own.isAdmitted else { return (own, nil as RateLimitBucket.Decision?) }
            return (own, table.take(.organization(organization), self.limits.organization, now: now))
        }
        guard let shared, !shared.isAdmitted || shared.remaining < own.remaining else {
            return RateLimitStanding(.credential, own)
        }
        return RateLimitStanding(.organization, shared)
    }

    func take(address: String, now: UInt64) -> RateLimitStanding {
        RateLimitStanding(.address, self.table.withLock { $0.take(.address(address), self.limits.address, now: now) })
    }
}

/// How a request stands with the limit that leaves it the least, for the answer's header fields.
struct RateLimitStanding: Hashable, Sendable {
    enum Name: String, Hashable, Sendable {
        case credential, organization, address
    }

    let name: Name
    let decision: RateLimitBucket.Decision

    init(_ name: Name, _ decision: RateLimitBucket.Decision) {
        self.name = name
        self.decision = decision
    }

    /// The value of `RateLimit`: what is left, and the seconds until all is there again.
    var field: String {
        "\"\(self.name.rawValue)\";r=\(self.decision.remaining);t=\(Self.seconds(self.decision.untilFull))"
    }

    /// Whole seconds, rounded up, at least one.
    var retryAfter: Int { max(1, Self.seconds(self.decision.wait)) }

    private static func seconds(_ nanoseconds: UInt64) -> Int { Int((nanoseconds + 999_999_999) / 1_000_000_000) }
}

extension RateLimits {
    /// The value of `RateLimit-Policy` for requests with a credential.
    var memberPolicy: String {
        "\(Self.policy(.credential, self.credential)), \(Self.policy(.organization, self.organization))"
    }

    var openPolicy: String { Self.policy(.address, self.address) }

    private static func policy(_ name: RateLimitStanding.Name, _ limit: RateLimit) -> String {
        "\"\(name.rawValue)\";q=\(limit.burst);w=\(limit.windowSeconds)"
    }
}
