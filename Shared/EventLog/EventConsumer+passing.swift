internal import Logging
internal import Postgres
internal import Synchronization

/// Cursors behind events that were passed over because nobody here is interested in them.
extension EventConsumer {
    /// Stores what was passed over, for as long as the connection lasts: many partitions in one transaction.
    func storePassed(of producer: String, at passed: PartitionSignal) async throws {
        let news = passed.subscribe()
        defer { news.end() }
        while !Task.isCancelled {
            _ = await news.wait(timeout: self.renewInterval)
            // What else is passed over meanwhile goes into the same transaction.
            try await Task.sleep(for: Self.passInterval)
            do {
                try await self.storePassed(of: producer)
            } catch let fault as SQLFault where fault.isOfTheMoment {
                self.logger.notice("cursors wait for the database", metadata: ["error": "\(fault)"])
            }
        }
    }

    /// Stores how far each partition has been passed over; sends nothing where the database knows.
    func storePassed(of producer: String) async throws {
        guard let known = self.progress.withLock({ $0[producer] }), let epoch = known.epoch else { return }
        let passed = known.positions.indices.filter { known.positions[$0] > known.stored[$0] }.map {
            PassedEvents(partition: $0, known: known.stored[$0], sequence: known.positions[$0])
        }
        try await self.applier.pass(passed, of: producer, epoch: epoch)
        self.progress.withLock { progress in
            for partition in passed {
                let stored = progress[producer]?.stored[partition.partition] ?? 0
                progress[producer]?.stored[partition.partition] = max(stored, partition.sequence)
            }
        }
    }
}
