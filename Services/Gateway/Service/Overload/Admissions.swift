internal import Contracts
internal import Synchronization

/// Lets calls of one kind to one service through, or not, from any event loop.
final class Admission: Sendable {
    private let limit = Mutex(ConcurrencyLimit())

    func enter(now: UInt64) -> Bool { self.limit.withLock { $0.enter(now: now) } }

    func isFull(now: UInt64) -> Bool { self.limit.withLock { $0.isFull(now: now) } }

    func leave(took: Int?, now: UInt64) { self.limit.withLock { $0.leave(took: took, now: now) } }

    var current: ConcurrencyLimit { self.limit.withLock { $0 } }
}

/// The limits of all services: one for what only reads and one for the rest, since the two wait for different connections of a
/// service's database and one may be behind while the other is not.
struct Admissions: Sendable {
    private let reads: [String: Admission]
    private let writes: [String: Admission]

    init(_ services: [String]) {
        self.reads = Dictionary(uniqueKeysWithValues: services.map { ($0, Admission()) })
        self.writes = Dictionary(uniqueKeysWithValues: services.map { ($0, Admission()) })
    }

    subscript(operation: RoutedOperation) -> Admission? {
        operation.route.method.isSafe ? self.reads[operation.service] : self.writes[operation.service]
    }

    /// Each limit with the labels of its figures, in order.
    var all: [(service: String, kind: String, limit: ConcurrencyLimit)] {
        self.reads.keys.sorted().flatMap { service in
            [("read", self.reads), ("write", self.writes)].compactMap { kind, limits in
                limits[service].map { (service, kind, $0.current) }
            }
        }
    }
}
