internal import Synchronization

/// A count that only grows.
public final class Counter: MetricFamily {
    /// The counter for one combination of labels; keep it where it is used often.
    public final class Series: Sendable {
        private let count = Atomic<Int64>(0)

        public func increment(by amount: Int64 = 1) {
            precondition(amount >= 0, "a counter only grows")
            self.count.wrappingAdd(amount, ordering: .relaxed)
        }

        public var value: Int64 { self.count.load(ordering: .relaxed) }
    }

    let description: MetricDescription
    private let table: SeriesTable<Series>

    init(_ description: MetricDescription) {
        self.description = description
        self.table = SeriesTable(description) { Series() }
        if description.labels.isEmpty { _ = self.table.find([]) }
    }

    /// The series for these values, in the order the labels were declared.
    public func with(_ labels: String...) -> Series { self.table.find(labels) }

    public func increment(by amount: Int64 = 1, _ labels: String...) { self.table.find(labels).increment(by: amount) }

    func write(into text: inout ExpositionWriter) {
        for (labels, series) in self.table.sorted {
            text.sample(self.description.name, self.description.labels, labels, value: series.value)
        }
    }
}

/// A number that goes up and down.
public final class Gauge: MetricFamily {
    /// The gauge for one combination of labels.
    public final class Series: Sendable {
        private let bits = Atomic<UInt64>(Double(0).bitPattern)

        public func set(_ value: Double) { self.bits.store(value.bitPattern, ordering: .relaxed) }
        public func set(_ value: Int) { self.set(Double(value)) }

        public func add(_ amount: Double) {
            var old = self.bits.load(ordering: .relaxed)
            while true {
                let new = (Double(bitPattern: old) + amount).bitPattern
                let result = self.bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
                if result.exchanged { return }
                old = result.original
            }
        }

        public var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }
    }

    let description: MetricDescription
    private let table: SeriesTable<Series>

    init(_ description: MetricDescription) {
        self.description = description
        self.table = SeriesTable(description) { Series() }
        if description.labels.isEmpty { _ = self.table.find([]) }
    }

    /// The series for these values, in the order the labels were declared.
    public func with(_ labels: String...) -> Series { self.table.find(labels) }

    public func set(_ value: Double, _ labels: String...) { self.table.find(labels).set(value) }
    public func set(_ value: Int, _ labels: String...) { self.table.find(labels).set(value) }
    public func add(_ amount: Double, _ labels: String...) { self.table.find(labels).add(amount) }

    func write(into text: inout ExpositionWriter) {
        for (labels, series) in self.table.sorted {
            text.sample(self.description.name, self.description.labels, labels, value: series.value)
        }
    }
}
