internal import Synchronization

/// A number that several workers take from: what is left to do, or which row comes next.
final class Counter: Sendable {
    private let value: Atomic<Int>

    init(_ value: Int) {
        self.value = Atomic(value)
    }

    /// False once so many have been taken as there were.
    func take() -> Bool {
        self.value.subtract(1, ordering: .relaxed).oldValue > 0
    }

    func next() -> Int {
        self.value.add(1, ordering: .relaxed).newValue
    }
}
