internal import Logging
internal import Postgres
internal import Synchronization
internal import Vocabulary

/// Applying what was received.
extension EventConsumer {
    /// Applies what comes into the queue, however long the database needs to come back, or parks it.
    func apply(_ queue: EventQueue, of producer: String, _ passed: PartitionSignal) async throws {
        defer { self.wait(for: nil, of: producer) }
        var backoff = Self.backoffMin
        while let step = await queue.next(), let epoch = queue.epoch {
            if case .pass(let partition, let sequence) = step {
                self.advance(producer, partition, to: sequence, isStored: false)
                passed.raise(partition)
                continue
            }
            self.wait(for: queue.waitingSince, of: producer)
            defer { self.wait(for: queue.waitingSince, of: producer) }
            do {
                try await self.apply(step, from: queue, of: producer, epoch)
                backoff = Self.backoffMin
            } catch let fault as SQLFault where fault.isOfTheMoment {
                self.logger.warning(
                    "events wait for the database",
                    metadata: ["producer": "\(producer)", "error": "\(fault)"]
                )
                queue.postponed(step)
                // Nothing tells when the database is back; replicas that lost it together do not come back together.
                try await Task.sleep(for: backoff * Double.random(in: 0.5...1))
                backoff = min(backoff * 2, Self.backoffMax)
            } catch let ended where ended is CancellationError || ended is CursorReset || Task.isCancelled {
                throw ended
            } catch {
                try await self.split(step, from: queue, of: producer, epoch, because: error)
            }
        }
    }

    private func apply(
        _ step: EventBacklog.Step,
        from queue: EventQueue,
        of producer: String,
        _ epoch: Identifier
    ) async throws {
        switch step {
        case .pass: return
        case .run(let portion):
            let applied = try await self.applier.apply(self.run(portion, of: producer), of: producer, epoch: epoch)
            self.took(applied, of: portion, from: queue, of: producer)
        case .together(let portions):
            let runs = portions.map { self.run($0, of: producer) }
            try await self.applier.applyTogether(runs, of: producer, epoch: epoch)
            for portion in portions { self.took(portion.entries.count, of: portion, from: queue, of: producer) }
        }
    }

    /// What failed together is tried in smaller transactions, and parked when it has failed by itself often enough.
    private func split(
        _ step: EventBacklog.Step,
        from queue: EventQueue,
        of producer: String,
        _ epoch: Identifier,
        because error: any Error
    ) async throws {
        switch step {
        case .pass: return
        case .together(let portions):
            self.logger.notice(
                "events are applied apart",
                metadata: ["producer": "\(producer)", "partitions": "\(portions.count)", "error": "\(error)"]
            )
            for portion in portions { _ = queue.failed(portion, together: true) }
        case .run(let portion):
            let attempts = queue.failed(portion, together: false)
            guard attempts >= Self.attemptsMax, let entry = portion.entries.first else { return }
            self.logger.error(
                "event parked",
                metadata: [
                    "producer": "\(producer)", "type": "\(entry.type ?? "unreadable")",
                    "event_id": "\(entry.id?.description ?? "")", "partition": "\(portion.partition)",
                    "sequence": "\(entry.sequence)", "error": "\(error)",
                ]
            )
            try await self.applier.park(
                entry,
                at: self.run(portion, of: producer),
                of: producer,
                epoch: epoch,
                attempts: attempts,
                error: error
            )
            self.took(1, of: portion, from: queue, of: producer)
        }
    }

    private func run(_ portion: EventBacklog.Portion, of producer: String) -> EventRun {
        let known = self.progress.withLock { $0[producer]?.stored[portion.partition] ?? 0 }
        return EventRun(partition: portion.partition, known: known, entries: portion.entries)
    }

    private func took(
        _ count: Int,
        of portion: EventBacklog.Portion,
        from queue: EventQueue,
        of producer: String
    ) {
        self.advance(producer, portion.partition, to: portion.entries[count - 1].sequence, isStored: true)
        queue.applied(count, of: portion.partition)
    }

    private func advance(_ producer: String, _ partition: Int, to sequence: Int64, isStored: Bool) {
        self.progress.withLock { progress in
            guard let known = progress[producer] else { return }
            progress[producer]?.positions[partition] = max(known.positions[partition], sequence)
            guard isStored else { return }
            progress[producer]?.stored[partition] = max(known.stored[partition], sequence)
        }
        self.moved.raise(partition)
    }

    private func wait(for occurredAt: Instant?, of producer: String) {
        self.progress.withLock { $0[producer]?.waitingSince = occurredAt }
    }
}
