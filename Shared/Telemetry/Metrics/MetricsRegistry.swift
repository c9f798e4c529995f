internal import Synchronization

/// All metrics of one process, and their text for Prometheus.
///
/// A metric is declared once, with its label names, and then used through a handle; see
/// `deploy/docs/adr/0002-metrics-registry.md` for why this is ours. Label values must be few: route templates,
/// operation names, states, never ids.
public final class MetricsRegistry: Sendable {
    /// A metric that grows past this many label combinations counts the rest under `other`.
    public static let seriesPerMetricMax = 1_000

    private let families = Mutex<[String: any MetricFamily]>([:])
    private let refreshes = Mutex<[@Sendable () -> Void]>([])
    private let inquiries = Mutex<[@Sendable () async -> Void]>([])

    public init() {}

    /// A count that only grows; its name ends in `_total`.
    public func counter(_ name: String, help: String, labels: [String] = []) -> Counter {
        precondition(name.hasSuffix("_total"), "a counter's name ends in _total: \(name)")
        return self.register(MetricDescription(name: name, help: help, kind: .counter, labels: labels)) { Counter($0) }
    }

    /// A number that goes up and down.
    public func gauge(_ name: String, help: String, labels: [String] = []) -> Gauge {
        self.register(MetricDescription(name: name, help: help, kind: .gauge, labels: labels)) { Gauge($0) }
    }

    /// Durations in seconds, counted in fixed buckets.
    public func histogram(
        _ name: String,
        help: String,
        labels: [String] = [],
        buckets: [Duration] = Histogram.requestBuckets
    ) -> Histogram {
        precondition(name.hasSuffix("_seconds"), "a histogram of durations ends in _seconds: \(name)")
        return self.register(MetricDescription(name: name, help: help, kind: .histogram, labels: labels)) {
            Histogram($0, buckets: buckets)
        }
    }

    /// A metric whose samples are read when it is scraped, for figures that somebody else already keeps.
    public func observed(
        _ name: String,
        help: String,
        kind: MetricKind,
        labels: [String] = [],
        _ read: @escaping @Sendable () -> [Sample]
    ) {
        precondition(kind != .histogram, "a histogram cannot be read at scrape: \(name)")
        precondition(
            (kind == .counter) == name.hasSuffix("_total"),
            "a counter, and nothing else, ends in _total: \(name)"
        )
        _ = self.register(MetricDescription(name: name, help: help, kind: kind, labels: labels)) {
            ObservedMetric($0, read: read)
        }
    }

    /// Runs `action` before each scrape, for a gauge whose figures somebody else keeps and several parts report.
    public func beforeScrape(_ action: @escaping @Sendable () -> Void) {
        self.refreshes.withLock { $0.append(action) }
    }

    /// Runs `action` before each scrape, for a gauge whose figure must be asked for, as of a database. It ends soon, whether it
    /// has an answer or not.
    public func beforeScrape(inquiring action: @escaping @Sendable () async -> Void) {
        self.inquiries.withLock { $0.append(action) }
    }

    /// What a scrape answers: `exposition()` after everything was asked for.
    public func scrape() async -> [UInt8] {
        for inquiry in self.inquiries.withLock({ $0 }) { await inquiry() }
        return self.exposition()
    }

    /// Every metric by name, in the text exposition format 0.0.4.
    public func exposition() -> [UInt8] {
        for refresh in self.refreshes.withLock({ $0 }) { refresh() }
        let families = self.families.withLock { Array($0.values) }
        var text = ExpositionWriter()
        for family in families.sorted(by: { $0.description.name < $1.description.name }) {
            text.header(family.description)
            family.write(into: &text)
        }
        return text.bytes
    }

    /// The content type of `exposition()`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private func register<Family: MetricFamily>(
        _ description: MetricDescription,
        _ make: (MetricDescription) -> Family
    ) -> Family {
        self.families.withLock { families in
            guard let existing = families[description.name] else {
                let family = make(description)
                families[description.name] = family
                return family
            }
            guard let same = existing as? Family, existing.description == description else {
                preconditionFailure("metric \(description.name) is declared twice, differently")
            }
            return same
        }
    }
}

/// What a metric is, in Prometheus' terms.
public enum MetricKind: String, Hashable, Sendable {
    case counter, gauge, histogram
}

/// One figure that an observed metric reports, with the values of its labels in the declared order.
public struct Sample: Hashable, Sendable {
    public let labels: [String]
    public let value: Double

    public init(_ value: Double, labels: [String] = []) {
        self.labels = labels
        self.value = value
    }
}

/// A metric's declaration. Names are checked here, once, so that the text is always valid.
struct MetricDescription: Hashable, Sendable {
    let name: String
    let help: String
    let kind: MetricKind
    let labels: [String]

    init(name: String, help: String, kind: MetricKind, labels: [String]) {
        precondition(Self.isName(name), "not a metric name: \(name)")
        precondition(!help.isEmpty, "metric \(name) has no help text")
        precondition(labels.allSatisfy { Self.isName($0) && $0 != "le" }, "metric \(name) has an invalid label name")
        (self.name, self.help, self.kind, self.labels) = (name, help, kind, labels)
    }

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first == UInt8(ascii: "_") || (0x61...0x7a).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy {
            $0 == UInt8(ascii: "_") || (0x61...0x7a).contains($0) || (0x30...0x39).contains($0)
        }
    }
}

/// All series of one metric.
protocol MetricFamily: AnyObject, Sendable {
    var description: MetricDescription { get }
    func write(into text: inout ExpositionWriter)
}

/// Figures read at scrape time.
final class ObservedMetric: MetricFamily {
    let description: MetricDescription
    private let read: @Sendable () -> [Sample]

    init(_ description: MetricDescription, read: @escaping @Sendable () -> [Sample]) {
        self.description = description
        self.read = read
    }

    func write(into text: inout ExpositionWriter) {
        for sample in self.read().prefix(MetricsRegistry.seriesPerMetricMax) {
            guard sample.labels.count == self.description.labels.count else { continue }
            text.sample(self.description.name, self.description.labels, sample.labels, value: sample.value)
        }
    }
}
