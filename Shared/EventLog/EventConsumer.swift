internal import Contracts
public import Logging
public import Postgres
internal import Synchronization
public import Vocabulary

/// Applies another services' events, each exactly once whatever is delivered twice, restarted or lost: the effect and the cursor
/// commit together. Replicas of a service share the partitions out (``EventLease``).
public final class EventConsumer: Sendable {
    /// Deterministic failures before an event is parked.
    public static let attemptsMax = 5
    static let backoffMin: Duration = .milliseconds(100)
    static let backoffMax: Duration = .seconds(30)
    /// The time between two claims of a lease, which lasts for three of them and a bit.
    public static let renewInterval: Duration = .seconds(3)
    /// A producer that is back is read again within so long.
    static let reconnectMax: Duration = .seconds(1)
    /// How far the stored cursor may be behind events in which nobody here is interested: they cost no transaction each, and are
    /// read and passed over again after a crash.
    static let passInterval: Duration = .milliseconds(100)

    private let name: String
    let sources: [any EventSource]
    let applier: EventApplier
    private let lease: EventLease
    let renewInterval: Duration
    let logger: Logger
    let progress = Mutex<[String: Progress]>([:])
    /// Raised when a cursor has moved, for those who wait in `catchUp`.
    let moved = PartitionSignal()

    /// How far this process knows a producer's events to be applied.
    struct Progress {
        var positions = [Int64](repeating: 0, count: EventLog.partitionCount)
        /// Where the cursors are in the database: behind `positions` by what was passed over since.
        var stored = [Int64](repeating: 0, count: EventLog.partitionCount)
        /// The producer's history to which the positions belong.
        var epoch: Identifier?
        /// The partitions whose events are asked for here.
        var partitions: [Int] = []
        var isConnected = false
        /// When the oldest event occurred that was received and is not applied.
        var waitingSince: Instant?
        /// When the connection was lost: what the producer has committed since is not known.
        var heardAt: Instant
    }

    /// - Parameters:
    ///   - replica: tells this process from the others of its service, and is the same when it is started again, so that a crash
    ///     leaves no other lease behind than its own.
    ///   - renewInterval: the time between two claims, during which the share of a replica that left is not read.
    public init(
        name: String,
        replica: String,
        database: Database,
        log: EventLog,
        clock: WallClock,
        sources: [any EventSource],
        handlers: EventHandlers,
        logger: Logger,
        renewing renewInterval: Duration = EventConsumer.renewInterval
    ) {
        self.name = name
        self.sources = sources
        self.applier = EventApplier(database: database, log: log, clock: clock, handlers: handlers)
        self.lease = EventLease(database: database, clock: clock, replica: replica)
        self.renewInterval = renewInterval
        self.logger = logger
        let now = clock.now()
        self.progress.withLock { progress in
            for source in sources { progress[source.producer] = Progress(heardAt: now) }
        }
    }

    /// Reads every producer until the task is cancelled. Lost connections are made again for ever. Whoever ends it calls ``leave()``
    /// afterwards, which a cancelled task could not do.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for source in self.sources {
                group.addTask { await self.follow(source) }
            }
        }
    }

    private func follow(_ source: any EventSource) async {
        var backoff = Self.backoffMin
        while !Task.isCancelled {
            do {
                // Who cannot reach the producer is to hold nothing of it that another replica could read.
                _ = try await source.position(of: 0)
                backoff = Self.backoffMin
                let positions = try await self.applier.positions(of: source.producer)
                let share = try await self.lease.claim(of: source.producer)
                self.progress.withLock { progress in
                    progress[source.producer]?.positions = positions
                    progress[source.producer]?.stored = positions
                    progress[source.producer]?.partitions = share.partitions
                    progress[source.producer]?.isConnected = true
                }
                guard try await self.read(share, of: source, from: positions) == .ended else { continue }
            } catch {
                self.logger.notice(
                    "event subscription ended",
                    metadata: ["producer": "\(source.producer)", "error": "\(error)"]
                )
            }
            let now = self.applier.clock.now()
            self.progress.withLock { progress in
                guard progress[source.producer]?.isConnected == true else { return }
                progress[source.producer]?.isConnected = false
                progress[source.producer]?.heardAt = now
            }
            if !Task.isCancelled { await self.leave(source.producer) }
            try? await Task.sleep(for: backoff * Double.random(in: 0.5...1))
            backoff = min(backoff * 2, Self.reconnectMax)
        }
    }

    private enum ReadingEnd {
        case ended
        case shareChanged
    }

    /// Reads the share until the connection ends, or until another share is this replica's.
    private func read(
        _ share: EventLease.Share,
        of source: any EventSource,
        from positions: [Int64]
    ) async throws -> ReadingEnd {
        let passed = PartitionSignal()
        let queue = EventQueue(for: self.applier.handlers)
        return try await withThrowingTaskGroup(of: ReadingEnd.self) { group in
            group.addTask {
                let places = share.partitions.map { ($0, positions[$0]) }
                try await source.subscribe(consumer: self.name, after: Dictionary(uniqueKeysWithValues: places)) {
                    batch in
                    try await self.receive(batch, from: source.producer, into: queue)
                }
                return .ended
            }
            group.addTask {
                try await self.apply(queue, of: source.producer, passed)
                return .ended
            }
            group.addTask {
                try await self.storePassed(of: source.producer, at: passed)
                return .ended
            }
            group.addTask {
                await self.keep(share, of: source.producer)
                return .shareChanged
            }
            defer { group.cancelAll() }
            return try await group.next() ?? .ended
        }
    }

    /// Renews the lease until the share is no longer the given one. A database that is away changes nothing.
    private func keep(_ held: EventLease.Share, of producer: String) async {
        var share = held
        var pause = self.pause(after: held)
        while share.partitions == held.partitions {
            do {
                // A lease is a promise by the clock: it is renewed well before it ends, and never asked for more often.
                try await Task.sleep(for: pause)
                share = try await self.lease.claim(of: producer)
                pause = self.pause(after: share)
            } catch {
                guard !Task.isCancelled else { return }
                pause = self.renewInterval
                self.logger.notice(
                    "event lease not renewed",
                    metadata: ["producer": "\(producer)", "error": "\(error)"]
                )
            }
        }
    }

    /// Until the next claim: another's lease that ends before then is looked at as it ends, to take over from the dead.
    private func pause(after share: EventLease.Share) -> Duration {
        min(self.renewInterval, share.firstEnd ?? self.renewInterval)
    }

    /// Gives back what this replica holds, so that the others take it over at their next claim. To be called when ``run()`` has ended.
    public func leave() async {
        for source in self.sources { await self.leave(source.producer) }
    }

    private func leave(_ producer: String) async {
        guard self.progress.withLock({ $0[producer]?.partitions.isEmpty == false }) else { return }
        // Who reads on from an older cursor passes the same events over.
        try? await self.storePassed(of: producer)
        do {
            try await self.lease.leave(producer)
            self.progress.withLock { $0[producer]?.partitions = [] }
        } catch {
            self.logger.notice(
                "event lease not given back: it ends by itself",
                metadata: ["producer": "\(producer)", "error": "\(error)"]
            )
        }
    }

    /// A producer that was restored from a backup has begun a new epoch: its events are asked for from where that begins.
    private func follow(into epoch: Identifier, after beginning: Int64, of producer: String) async throws {
        let count = try await EventMemory.follow(
            producer,
            into: epoch,
            beginningAfter: beginning,
            in: self.applier.database
        )
        guard count > 0 else { return }
        self.logger.warning(
            "producer began a new epoch",
            metadata: ["producer": "\(producer)", "epoch": "\(epoch)", "after": "\(beginning)", "cursors": "\(count)"]
        )
        throw CursorReset(description: "\(producer) began a new epoch")
    }

    private func receive(_ batch: EventBatch, from producer: String, into queue: EventQueue) async throws {
        if let beginning = batch.beginning {
            try await self.follow(into: batch.epoch, after: beginning, of: producer)
        }
        self.progress.withLock { $0[producer]?.epoch = batch.epoch }
        try await queue.append(batch)
    }
}
