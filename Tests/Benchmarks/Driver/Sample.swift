internal import Contracts

/// What one run of load found: how many operations in what time, and the spread of their latencies.
struct Sample: Sendable {
    private var latencies: [Duration] = []
    private var failures = 0
    private var elapsed = Duration.zero
    /// Sent and not counted; it costs processor time all the same.
    private var warmUp = 0

    init() {}

    init(latencies: [Duration], failures: Int = 0, elapsed: Duration, warmUp: Int = 0) {
        self.latencies = latencies
        self.failures = failures
        self.elapsed = elapsed
        self.warmUp = warmUp
    }

    /// Runs the operation in `concurrency` closed loops until `count` have been done; those before the warm-up's end
    /// are not counted.
    static func measure(
        count: Int,
        concurrency: Int,
        _ operation: @escaping @Sendable (_ worker: Int) async throws -> Void
    ) async throws -> Sample {
        let warmUp = max(concurrency, count / 10)
        _ = try await Sample.round(count: warmUp, concurrency: concurrency, operation)
        var sample = try await Sample.round(count: count, concurrency: concurrency, operation)
        sample.warmUp = warmUp
        return sample
    }

    private static func round(
        count: Int,
        concurrency: Int,
        _ operation: @escaping @Sendable (_ worker: Int) async throws -> Void
    ) async throws -> Sample {
        let left = Counter(count)
        let clock = ContinuousClock()
        let began = clock.now
        let latencies = try await withThrowingTaskGroup(of: [Duration].self) { group in
            for worker in 0..<concurrency {
                group.addTask {
                    var own: [Duration] = []
                    while left.take() {
                        let start = clock.now
                        try await operation(worker)
                        own.append(clock.now - start)
                    }
                    return own
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return Sample(latencies: latencies, elapsed: clock.now - began)
    }

    /// One line of JSON; rates and milliseconds are texts with fixed places, because JSON here has no floating point.
    func report(and more: [(key: String, value: JSON)] = []) {
        let sorted = self.latencies.sorted()
        let seconds = Sample.seconds(self.elapsed)
        let members: [(key: String, value: JSON)] = [
            ("count", .int(Int64(sorted.count))),
            ("sent", .int(Int64(sorted.count + self.failures + self.warmUp))),
            ("failures", .int(Int64(self.failures))),
            ("rate", .string(Sample.text(seconds > 0 ? Double(sorted.count) / seconds : 0))),
            ("p50_ms", .string(Sample.milliseconds(0.50, of: sorted))),
            ("p99_ms", .string(Sample.milliseconds(0.99, of: sorted))),
        ]
        print(JSON.object(JSONObject(members + more)))
    }

    static func milliseconds(_ share: Double, of sorted: [Duration]) -> String {
        guard !sorted.isEmpty else { return "0.000" }
        return Sample.text(1_000 * Sample.seconds(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]))
    }

    private static func seconds(_ duration: Duration) -> Double {
        let (seconds, attoseconds) = duration.components
        return Double(seconds) + Double(attoseconds) / 1e18
    }

    /// Three decimal places.
    private static func text(_ value: Double) -> String {
        let thousandths = Int64((value * 1_000).rounded())
        let fraction = String(thousandths % 1_000)
        return "\(thousandths / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}
