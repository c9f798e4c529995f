internal import Synchronization

/// The series of one metric by the values of its labels.
///
/// Finding a series takes a lock and a hash; a caller on a hot path keeps the series it got.
final class SeriesTable<Series: AnyObject & Sendable>: Sendable {
    /// What stands in every label of the series that collects the overflow.
    static var overflowLabel: String { "other" }

    private let description: MetricDescription
    private let series = Mutex<[[String]: Series]>([:])
    private let make: @Sendable () -> Series

    init(_ description: MetricDescription, make: @escaping @Sendable () -> Series) {
        self.description = description
        self.make = make
    }

    func find(_ labels: [String]) -> Series {
        precondition(labels.count == self.description.labels.count, "\(self.description.name): wrong number of labels")
        return self.series.withLock { table in
            if let found = table[labels] { return found }
            let isFull = table.count >= MetricsRegistry.seriesPerMetricMax
            let key = isFull ? labels.map { _ in Self.overflowLabel } : labels
            if let found = table[key] { return found }
            let new = self.make()
            table[key] = new
            return new
        }
    }

    var sorted: [(labels: [String], series: Series)] {
        self.series.withLock { table in table.map { (labels: $0.key, series: $0.value) } }
            .sorted { $0.labels.lexicographicallyPrecedes($1.labels) }
    }
}
