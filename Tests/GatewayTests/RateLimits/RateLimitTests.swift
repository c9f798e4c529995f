internal import Testing
internal import Vocabulary

@testable internal import GatewayService

@Suite struct RateLimitTests {
    private static let second: UInt64 = 1_000_000_000
    private let limit = RateLimit(perSecond: 2, burst: 4)

    @Test func `a burst is admitted and then the rate`() {
        var bucket = RateLimitBucket()
        let now = 100 * Self.second
        #expect((0..<4).map { _ in bucket.take(self.limit, now: now).remaining } == [3, 2, 1, 0])
        let refused = bucket.take(self.limit, now: now)
        #expect(!refused.isAdmitted && refused.wait == Self.second / 2)
        #expect(bucket.take(self.limit, now: now + Self.second / 2).isAdmitted)
        #expect(!bucket.take(self.limit, now: now + Self.second / 2).isAdmitted)
    }

    @Test func `a refused request costs nothing`() {
        var bucket = RateLimitBucket()
        for _ in 0..<100 { _ = bucket.take(self.limit, now: 0) }
        #expect(bucket.take(self.limit, now: Self.second / 2).isAdmitted)
    }

    @Test func `a bucket never holds more than its burst`() {
        var bucket = RateLimitBucket()
        _ = bucket.take(self.limit, now: 0)
        #expect(bucket.take(self.limit, now: 1_000 * Self.second).remaining == 3)
        #expect(bucket.isFull(at: 2_000 * Self.second))
    }

    @Test func `full buckets are forgotten first, and the table stays bounded`() {
        var table = RateLimitTable(bucketsMax: 8)
        for index in 0..<8 { _ = table.take(.address("\(index)"), self.limit, now: 0) }
        for _ in 0..<4 { _ = table.take(.address("busy"), self.limit, now: 10 * Self.second) }
        #expect(table.count == 1)
        #expect(!table.take(.address("busy"), self.limit, now: 10 * Self.second).isAdmitted)
        for index in 0..<1_000 { _ = table.take(.address("\(index)"), self.limit, now: 10 * Self.second) }
        #expect(table.count <= 8)
    }

    @Test func `the organization's bucket is shared by its credentials`() throws {
        let limits = RateLimits(
            credential: RateLimit(perSecond: 1, burst: 3),
            organization: RateLimit(perSecond: 1, burst: 4),
            address: RateLimit(perSecond: 1, burst: 1)
        )
        let limiter = RateLimiter(limits)
        let organization = Identifier(high: 1, low: 1)
        let (first, second) = (TokenHash(of: "a"), TokenHash(of: "b"))
        for _ in 0..<3 {
            #expect(limiter.take(credential: first, organization: organization, now: 0).decision.isAdmitted)
        }
        let own = limiter.take(credential: first, organization: organization, now: 0)
        #expect(!own.decision.isAdmitted && own.name == .credential && own.retryAfter == 1)
        let last = limiter.take(credential: second, organization: organization, now: 0)
        #expect(last.decision.isAdmitted && last.name == .organization)
        #expect(last.field == "\"organization\";r=0;t=4")
        let shared = limiter.take(credential: second, organization: organization, now: 0)
        #expect(!shared.decision.isAdmitted && shared.name == .organization)
        let other = limiter.take(credential: second, organization: Identifier(high: 2, low: 2), now: 0)
        #expect(other.decision.isAdmitted)
    }

    @Test func `the policies are published`() {
        #expect(RateLimits().memberPolicy == #""credential";q=400;w=2, "organization";q=1000;w=2"#)
        #expect(RateLimits().openPolicy == #""address";q=40;w=2"#)
    }
}
