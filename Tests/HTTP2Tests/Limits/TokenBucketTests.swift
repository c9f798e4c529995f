internal import NIOCore
internal import Testing

@testable internal import HTTP2

struct TokenBucketTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// `#expect` cannot call what mutates.
    private static func take(_ cost: Int, from bucket: inout TokenBucket, at now: NIODeadline) -> Bool {
        bucket.take(cost, now: now)
    }

    @Test func `A full bucket pays its burst and then refuses`() {
        var bucket = TokenBucket(tokensMax: 3, tokensPerSecond: 1, now: self.start)
        #expect((0..<4).map { _ in bucket.take(1, now: self.start) } == [true, true, true, false])
    }

    @Test(arguments: [(0, 0), (19, 0), (20, 1), (1_000, 50), (3_999, 199), (4_000, 200), (9_000_000, 200)])
    func `It earns fifty tokens a second, up to its burst`(milliseconds: Int, expected: Int) {
        var bucket = TokenBucket(tokensMax: 200, tokensPerSecond: 50, now: self.start)
        #expect(Self.take(200, from: &bucket, at: self.start))
        let later = self.start + .milliseconds(Int64(milliseconds))
        #expect(Self.take(expected, from: &bucket, at: later))
        #expect(!Self.take(1, from: &bucket, at: later))
    }

    @Test func `Fractions of a token add up`() {
        var bucket = TokenBucket(tokensMax: 1, tokensPerSecond: 50, now: self.start)
        #expect(Self.take(1, from: &bucket, at: self.start))
        let paid = (1...100).filter { bucket.take(1, now: self.start + .milliseconds(Int64($0) * 15)) }
        #expect(paid.count == 50)
    }

    @Test func `A refusal empties it: a flood does not get through bit by bit`() {
        var bucket = TokenBucket(tokensMax: 4, tokensPerSecond: 1, now: self.start)
        #expect(!Self.take(5, from: &bucket, at: self.start))
        #expect(!Self.take(1, from: &bucket, at: self.start))
    }

    @Test func `A clock that stands still or goes back earns nothing`() {
        var bucket = TokenBucket(tokensMax: 1, tokensPerSecond: 50, now: self.start)
        #expect(Self.take(1, from: &bucket, at: self.start))
        #expect(!Self.take(1, from: &bucket, at: self.start - .seconds(1)))
    }
}
