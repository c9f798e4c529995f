internal import Testing

@testable internal import ServiceKit

@Suite struct ConcurrencyLimitTests {
    private static let millisecond: UInt64 = 1_000_000
    private static let window = ConcurrencyLimit.window

    /// A service that carries out so many calls a second, one after the other, and a load that asks for others.
    private struct Queue {
        var limit = ConcurrencyLimit()
        let perSecond: UInt64
        var now: UInt64 = 1_000_000_000
        private var waiting: [UInt64] = []
        private var asked: UInt64 = 0
        private var freeAt: UInt64 = 0
        private(set) var answered = 0
        private(set) var refused = 0
        private(set) var longest: UInt64 = 0

        init(perSecond: UInt64) { self.perSecond = perSecond }

        /// Lets `seconds` pass with `offered` calls a second, evenly spread.
        mutating func run(offered: UInt64, milliseconds: UInt64) {
            (self.answered, self.refused, self.longest) = (0, 0, 0)
            let (gap, service) = (1_000_000_000 / offered, 1_000_000_000 / self.perSecond)
            let end = self.now + milliseconds * ConcurrencyLimitTests.millisecond
            var next = self.now
            while next < end {
                self.serve(until: next, service)
                self.now = next
                if self.limit.enter(now: next) { self.waiting.append(next) } else { self.refused += 1 }
                next += gap
            }
            self.now = end
        }

        private mutating func serve(until time: UInt64, _ service: UInt64) {
            while let since = self.waiting.first {
                let done = max(self.freeAt, since) + service
                guard done <= time else { return }
                self.waiting.removeFirst()
                self.freeAt = done
                self.answered += 1
                self.longest = max(self.longest, done - since)
                self.limit.leave(took: Int(done - since), now: done)
            }
        }
    }

    @Test func `What a service keeps up with is never refused`() {
        var queue = Queue(perSecond: 2_000)
        queue.run(offered: 1_900, milliseconds: 5_000)
        #expect(queue.refused == 0)
        #expect(queue.limit.limit == ConcurrencyLimit.callsMax)
    }

    @Test(
        "At twice what it can do, a service does all it can and nobody waits long",
        arguments: [1_000, 2_000, 6_000] as [UInt64]
    )
    func overload(perSecond: UInt64) {
        var queue = Queue(perSecond: perSecond)
        queue.run(offered: 2 * perSecond, milliseconds: 2_000)
        queue.run(offered: 2 * perSecond, milliseconds: 5_000)
        #expect(queue.answered >= Int(perSecond * 5) * 98 / 100)
        #expect(queue.longest <= 100 * Self.millisecond)
        #expect(queue.refused >= queue.answered * 9 / 10)
    }

    @Test func `It recovers by itself`() {
        var queue = Queue(perSecond: 2_000)
        queue.run(offered: 6_000, milliseconds: 3_000)
        #expect(queue.limit.limit < ConcurrencyLimit.callsMax / 4)
        queue.run(offered: 1_500, milliseconds: 200)
        queue.run(offered: 1_500, milliseconds: 4_000)
        #expect(queue.refused == 0)
        #expect(queue.limit.limit == ConcurrencyLimit.callsMax)
    }

    @Test func `A burst passes`() {
        var limit = ConcurrencyLimit()
        let entered = (0..<500).count { _ in limit.enter(now: 0) }
        #expect(entered == 500)
        for number in 1...500 { limit.leave(took: number * 100_000, now: UInt64(number) * 100_000) }
        _ = limit.enter(now: Self.window)
        #expect(limit.limit == ConcurrencyLimit.callsMax)
    }

    @Test func `Slow work that is little is let through`() {
        var limit = ConcurrencyLimit()
        var now: UInt64 = 0
        for _ in 0..<20 {
            let entered = (0..<ConcurrencyLimit.callsMin).count { _ in limit.enter(now: now) }
            #expect(entered == ConcurrencyLimit.callsMin)
            now += 5 * Self.window
            for _ in 0..<ConcurrencyLimit.callsMin { limit.leave(took: Int(5 * Self.window), now: now) }
        }
        #expect(limit.limit == ConcurrencyLimit.callsMax)
    }

    @Test func `Of a service that does not answer at all, no more is asked than always`() {
        var limit = ConcurrencyLimit()
        var (now, entered): (UInt64, Int) = (0, 0)
        while now < 20 * Self.window {
            if limit.enter(now: now) { entered += 1 }
            now += Self.millisecond
        }
        #expect(limit.limit == ConcurrencyLimit.callsMin)
        #expect(entered < 4 * ConcurrencyLimit.callsMin)
        let isAdmitted = limit.enter(now: now)
        #expect(!isAdmitted)
    }

    @Test func `What tells nothing of the service moves nothing`() {
        var limit = ConcurrencyLimit()
        for _ in 0..<100 { _ = limit.enter(now: 0) }
        limit.leave(took: 1_000_000, now: Self.millisecond)
        for _ in 0..<50 { limit.leave(took: nil, now: 2 * Self.millisecond) }
        _ = limit.enter(now: Self.window)
        #expect(limit.limit == ConcurrencyLimit.callsMax)
        #expect(limit.underWay == 50)
    }

    @Test func `After a pause everything is open again`() {
        var limit = ConcurrencyLimit()
        for number in 0..<500 { _ = limit.enter(now: UInt64(number) * Self.millisecond) }
        let busyUntil = 500 * Self.millisecond
        #expect(limit.limit < ConcurrencyLimit.callsMax)
        for _ in 0..<limit.underWay { limit.leave(took: Int(busyUntil), now: busyUntil) }
        #expect(limit.limit == ConcurrencyLimit.callsMin)
        _ = limit.enter(now: busyUntil + ConcurrencyLimit.pause / 2)
        limit.leave(took: 1_000_000, now: busyUntil + ConcurrencyLimit.pause / 2)
        #expect(limit.limit < ConcurrencyLimit.callsMax)
        _ = limit.enter(now: busyUntil + 2 * ConcurrencyLimit.pause)
        #expect(limit.limit == ConcurrencyLimit.callsMax)
    }
}
