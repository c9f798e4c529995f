internal import Synchronization
public import Vocabulary

/// For those who wait or watch.
extension EventConsumer {
    /// How often somebody who waits looks whether another process of this service has come so far.
    private static let lookInterval: Duration = .milliseconds(20)

    /// Waits until everything that `producer` had committed for the organization when this was called is applied here, so that a
    /// person who has just made a company can invoice it. Answers `false` where that takes longer than `timeout`.
    public func catchUp(with producer: String, for organization: Identifier, within timeout: Duration) async -> Bool {
        guard let source = self.sources.first(where: { $0.producer == producer }) else { return false }
        let partition = EventLog.partition(of: organization)
        let clock = ContinuousClock()
        let end = clock.now + timeout
        guard let target = try? await source.position(of: partition) else { return false }
        let subscription = self.moved.subscribe()
        defer { subscription.end() }
        while true {
            if self.progress.withLock({ $0[producer]?.positions[partition] ?? 0 }) >= target { return true }
            // Another process of this service may be the one that applies this partition.
            if let stored = try? await self.applier.position(of: producer, partition: partition), stored >= target {
                return true
            }
            var moved: PartitionSignal.Mask = 0
            repeat {
                guard clock.now < end else { return false }
                moved = await subscription.wait(timeout: Self.lookInterval)
            } while moved != 0 && moved & (1 << PartitionSignal.Mask(partition)) == 0
        }
    }

    /// How far the consumer has read one producer's log.
    public struct State: Sendable {
        public let producer: String
        public let isConnected: Bool
        /// Those that this replica reads.
        public let partitions: [Int]
        /// How old the oldest event is that is not applied here: 0 where all are. Without a connection nobody knows of any, so it
        /// is how long there has been none.
        public let lagSeconds: Double
    }

    public var states: [State] {
        let now = self.applier.clock.now()
        return self.progress.withLock { progress in
            self.sources.map { source in
                guard let known = progress[source.producer] else {
                    return State(producer: source.producer, isConnected: false, partitions: [], lagSeconds: 0)
                }
                let since = known.waitingSince ?? (known.isConnected ? now : known.heardAt)
                return State(
                    producer: source.producer,
                    isConnected: known.isConnected,
                    partitions: known.partitions,
                    lagSeconds: Double(max(0, now.microseconds - since.microseconds)) / 1_000_000
                )
            }
        }
    }
}
