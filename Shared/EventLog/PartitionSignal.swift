internal import Synchronization

/// Tells waiting readers which partitions have news. Raising it is cheap and never blocks; a missed signal is caught by the
/// readers' poll.
public final class PartitionSignal: Sendable {
    /// One bit a partition.
    public typealias Mask = UInt64

    private struct State {
        var nextID = 0
        var waiters: [Int: Waiter] = [:]
    }

    private struct Waiter {
        var pending: Mask = 0
        /// Counts waits, so that the timer of an earlier wait cannot end a later one.
        var turn = 0
        /// The present wait was ended before it had begun to wait: its task was cancelled already, or the time was up.
        var isReleased = false
        var continuation: CheckedContinuation<Mask, Never>?
    }

    private let state = Mutex(State())

    public init() {}

    public func raise(_ partition: Int) {
        let woken = self.state.withLock { state in
            var woken: [(CheckedContinuation<Mask, Never>, Mask)] = []
            for id in state.waiters.keys {
                guard var waiter = state.waiters[id] else { continue }
                waiter.pending |= 1 << Mask(partition)
                if let continuation = waiter.continuation {
                    woken.append((continuation, waiter.pending))
                    waiter.continuation = nil
                    waiter.pending = 0
                }
                state.waiters[id] = waiter
            }
            return woken
        }
        for (continuation, mask) in woken { continuation.resume(returning: mask) }
    }

    /// A reader's place in line. What is raised between two waits is not lost.
    public func subscribe() -> Subscription {
        let id = self.state.withLock { state in
            state.nextID += 1
            state.waiters[state.nextID] = Waiter()
            return state.nextID
        }
        return Subscription(signal: self, id: id)
    }

    /// One reader's place among those that are woken.
    public struct Subscription: Sendable {
        let signal: PartitionSignal
        let id: Int

        /// Waits until a partition is raised; returns 0 when `timeout` ends or the task is cancelled first.
        public func wait(timeout: Duration) async -> Mask {
            let turn = self.signal.begin(self.id)
            return await withTaskCancellationHandler {
                // The timer must not outlive the wait, so both live in one group.
                await withTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try? await Task.sleep(for: timeout)
                        self.signal.release(self.id, turn)
                    }
                    let mask = await withCheckedContinuation { self.signal.park(self.id, $0) }
                    group.cancelAll()
                    return mask
                }
            } onCancel: {
                self.signal.release(self.id, turn)
            }
        }

        /// What was raised since the last wait.
        func take() -> Mask { self.signal.take(self.id) }

        public func end() { self.signal.remove(self.id) }
    }

    private func take(_ id: Int) -> Mask {
        self.state.withLock { state in
            defer { state.waiters[id]?.pending = 0 }
            return state.waiters[id]?.pending ?? 0
        }
    }

    private func begin(_ id: Int) -> Int {
        self.state.withLock { state in
            state.waiters[id]?.turn += 1
            state.waiters[id]?.isReleased = false
            return state.waiters[id]?.turn ?? 0
        }
    }

    private func park(_ id: Int, _ continuation: CheckedContinuation<Mask, Never>) {
        let ready: Mask? = self.state.withLock { state in
            guard var waiter = state.waiters[id], !waiter.isReleased else { return 0 }
            if waiter.pending != 0 {
                defer { state.waiters[id]?.pending = 0 }
                return waiter.pending
            }
            waiter.continuation = continuation
            state.waiters[id] = waiter
            return nil
        }
        if let ready { continuation.resume(returning: ready) }
    }

    private func release(_ id: Int, _ turn: Int) {
        let continuation: CheckedContinuation<Mask, Never>? = self.state.withLock { state in
            guard var waiter = state.waiters[id], waiter.turn == turn else { return nil }
            defer { state.waiters[id] = waiter }
            guard let continuation = waiter.continuation else {
                waiter.isReleased = true
                return nil
            }
            waiter.continuation = nil
            return continuation
        }
        continuation?.resume(returning: 0)
    }

    private func remove(_ id: Int) {
        let continuation = self.state.withLock { $0.waiters.removeValue(forKey: id)?.continuation }
        continuation?.resume(returning: 0)
    }
}
