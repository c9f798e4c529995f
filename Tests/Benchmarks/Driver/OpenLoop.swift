internal import Contracts
internal import NIOCore
internal import Synchronization

/// Operations that begin at times fixed before the first of them, whatever became of those already begun.
///
/// A latency counts from when the operation was due, so that one stall is seen by all that had to wait behind it; a closed
/// loop would have asked less meanwhile, and shown a single slow answer.
struct OpenLoop: Sendable {
    let perSecond: Int
    let seconds: Int
    /// The first part of the time is not counted.
    let warmUpSeconds: Int
    /// What would exceed this many at a time counts as failed without being begun: the load must stay bounded as well.
    let outstandingMax: Int

    private var count: Int { self.perSecond * (self.warmUpSeconds + self.seconds) }
    private var warmUpCount: Int { self.perSecond * self.warmUpSeconds }

    func due(_ number: Int, since began: ContinuousClock.Instant) -> ContinuousClock.Instant {
        began.advanced(by: .nanoseconds(Int64(number) * 1_000_000_000 / Int64(self.perSecond)))
    }

    func run(_ operation: @escaping @Sendable (_ number: Int) async -> RequestMix.Outcome) async throws -> OpenSample {
        let clock = ContinuousClock()
        let result = Result(warmUp: self.warmUpCount)
        let began = clock.now.advanced(by: .milliseconds(10))
        try await withThrowingDiscardingTaskGroup { group in
            var next = 0
            while next < self.count {
                // A pace is a matter of time, and a timer's leeway would be counted as latency.
                try await clock.sleep(until: self.due(next, since: began), tolerance: .zero)
                let now = clock.now
                while next < self.count, self.due(next, since: began) <= now {
                    let number = next
                    let due = self.due(number, since: began)
                    next += 1
                    guard result.begin(number, late: now - due, max: self.outstandingMax) else { continue }
                    group.addTask {
                        let outcome = await operation(number)
                        result.end(number, outcome, after: clock.now - due)
                    }
                }
            }
        }
        return result.sample(seconds: self.seconds)
    }

    /// What the operations, which end on any thread, add to.
    private final class Result: Sendable {
        private let warmUp: Int
        private let state: Mutex<(sample: OpenSample, outstanding: Int)>

        init(warmUp: Int) {
            self.warmUp = warmUp
            self.state = Mutex((OpenSample(warmUp: warmUp), 0))
        }

        func begin(_ number: Int, late: Duration, max: Int) -> Bool {
            self.state.withLock { state in
                if number >= self.warmUp { state.sample.lateness.append(late) }
                guard state.outstanding < max else {
                    if number >= self.warmUp { state.sample.fail("more than \(max) requests were under way") }
                    return false
                }
                state.outstanding += 1
                return true
            }
        }

        func end(_ number: Int, _ outcome: RequestMix.Outcome, after duration: Duration) {
            self.state.withLock { state in
                state.outstanding -= 1
                if number >= self.warmUp { state.sample.add(outcome, after: duration) }
            }
        }

        func sample(seconds: Int) -> OpenSample {
            self.state.withLock { state in
                state.sample.elapsed = .seconds(seconds)
                return state.sample
            }
        }
    }
}

/// What became of the operations of an open loop.
struct OpenSample: Sendable {
    let warmUp: Int
    private var answered: [Duration] = []
    private var refused: [Duration] = []
    private var refusedWithoutTime = 0
    private var failures = 0
    private var firstFailure: String?
    /// How long after their times the operations were begun: when it is much, the figure is one of this program.
    var lateness: [Duration] = []
    var elapsed = Duration.zero

    init(warmUp: Int) {
        self.warmUp = warmUp
    }

    mutating func add(_ outcome: RequestMix.Outcome, after duration: Duration) {
        switch outcome {
        case .answered: self.answered.append(duration)
        case .refused(let saysWhen):
            self.refused.append(duration)
            if !saysWhen { self.refusedWithoutTime += 1 }
        case .failed(let text): self.fail(text)
        }
    }

    mutating func fail(_ text: String) {
        self.failures += 1
        if self.firstFailure == nil { self.firstFailure = text }
    }

    /// One line of JSON: `rate` is what was answered a second of what was `offered`.
    func report(offered: Int) {
        // A refusal costs as well, so it counts with what was sent.
        let others = self.warmUp + self.refused.count
        Sample(latencies: self.answered, failures: self.failures, elapsed: self.elapsed, warmUp: others).report(and: [
            ("offered", .int(Int64(offered))),
            ("refused", .int(Int64(self.refused.count))),
            ("refused_without_retry_after", .int(Int64(self.refusedWithoutTime))),
            ("refused_p99_ms", .string(Sample.milliseconds(0.99, of: self.refused.sorted()))),
            ("late_p99_ms", .string(Sample.milliseconds(0.99, of: self.lateness.sorted()))),
            ("first_failure", self.firstFailure.map(JSON.string) ?? .null),
        ])
    }
}
