internal import Synchronization

/// Durations counted in fixed buckets. Kept in whole nanoseconds and shown in seconds, so nothing is rounded.
public final class Histogram: MetricFamily {
    /// From half a millisecond to ten seconds: what a request, a call or a query takes.
    public static let requestBuckets: [Duration] = [
        .microseconds(500), .milliseconds(1), .microseconds(2_500), .milliseconds(5), .milliseconds(10),
        .milliseconds(25), .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500),
        .seconds(1), .milliseconds(2_500), .seconds(5), .seconds(10),
    ]

    /// The histogram for one combination of labels; keep it where it is used often.
    public final class Series: Sendable {
        struct State {
            /// One count per bucket, not cumulative, and a last one for what is above all of them.
            var counts: [Int64]
            var sumNanoseconds: Int64 = 0
        }

        private let bounds: [Int64]
        private let state: Mutex<State>

        init(bounds: [Int64]) {
            self.bounds = bounds
            self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
        }

        public func observe(_ duration: Duration) { self.observe(nanoseconds: duration.wholeNanoseconds) }

        public func observe(nanoseconds: Int64) {
            let value = max(0, nanoseconds)
            let index = self.bounds.firstIndex { value <= $0 } ?? self.bounds.count
            self.state.withLock { state in
                state.counts[index] += 1
                state.sumNanoseconds &+= value
            }
        }

        var snapshot: State { self.state.withLock { $0 } }

        /// How many durations were observed.
        public var count: Int64 { self.snapshot.counts.reduce(0, +) }
    }

    let description: MetricDescription
    private let bounds: [Int64]
    private let table: SeriesTable<Series>

    init(_ description: MetricDescription, buckets: [Duration]) {
        let bounds = buckets.map(\.wholeNanoseconds)
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "buckets must ascend")
        self.description = description
        self.bounds = bounds
        self.table = SeriesTable(description) { Series(bounds: bounds) }
        if description.labels.isEmpty { _ = self.table.find([]) }
    }

    /// The series for these values, in the order the labels were declared.
    public func with(_ labels: String...) -> Series { self.table.find(labels) }

    public func observe(_ duration: Duration, _ labels: String...) { self.table.find(labels).observe(duration) }

    func write(into text: inout ExpositionWriter) {
        let name = self.description.name
        let labelNames = self.description.labels
        for (labels, series) in self.table.sorted {
            let state = series.snapshot
            var cumulative: Int64 = 0
            for (index, count) in state.counts.enumerated() {
                cumulative += count
                let bound = index < self.bounds.count ? ExpositionWriter.seconds(self.bounds[index]) : "+Inf"
                text.sample("\(name)_bucket", labelNames + ["le"], labels + [bound], value: cumulative)
            }
            text.sample("\(name)_sum", labelNames, labels, text: ExpositionWriter.seconds(state.sumNanoseconds))
            text.sample("\(name)_count", labelNames, labels, value: cumulative)
        }
    }
}

extension Duration {
    /// The duration in nanoseconds, cut to what an `Int64` holds (292 years).
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : scaled &+ attoseconds / 1_000_000_000
    }
}
