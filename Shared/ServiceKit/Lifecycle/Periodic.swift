public import Logging
public import ServiceLifecycle
public import Vocabulary

/// Work that is done again and again: a sweep, a reminder run, a clean-up.
///
/// A failure is logged and the next turn comes all the same. When the process drains, a turn that runs is finished and
/// no other begins.
public struct Periodic: Service {
    /// What is done each time, with the time it is done at.
    public typealias Body = @Sendable (_ now: Instant) async throws -> Void
    typealias Sleep = @Sendable (Duration) async throws -> Void

    /// By how much of the interval each pause differs, so that replicas do not all begin at once.
    public static let jitterDefault = 0.1

    public let name: String
    private let interval: Duration
    private let jitter: Double
    private let clock: WallClock
    private let logger: Logger
    private let sleep: Sleep
    private let body: Body

    /// - Parameter jitter: a share of the interval, from 0 to 1.
    public init(
        _ name: String,
        every interval: Duration,
        jitter: Double = Periodic.jitterDefault,
        clock: WallClock,
        logger: Logger,
        _ body: @escaping Body
    ) {
        self.init(
            name,
            every: interval,
            jitter: jitter,
            clock: clock,
            logger: logger,
            sleep: { try await Task.sleep(for: $0) },
            body
        )
    }

    init(
        _ name: String,
        every interval: Duration,
        jitter: Double,
        clock: WallClock,
        logger: Logger,
        sleep: @escaping Sleep,
        _ body: @escaping Body
    ) {
        precondition(interval > .zero && (0...1).contains(jitter), "\(name): every \(interval) ± \(jitter)")
        self.name = name
        self.interval = interval
        self.jitter = jitter
        self.clock = clock
        self.logger = logger
        self.sleep = sleep
        self.body = body
    }

    public func run() async {
        var generator = SystemRandomNumberGenerator()
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            do {
                let (sleep, pause) = (self.sleep, self.pause(using: &generator))
                try await cancelWhenGracefulShutdown { try await sleep(pause) }
            } catch {
                return
            }
            guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
            await self.turn()
        }
    }

    /// One turn, now.
    func turn() async {
        do {
            try await self.body(self.clock.now())
        } catch {
            self.logger.error("periodic work failed", error: error, metadata: ["work": "\(self.name)"])
        }
    }

    func pause(using generator: inout some RandomNumberGenerator) -> Duration {
        guard self.jitter > 0 else { return self.interval }
        return self.interval * Double.random(in: (1 - self.jitter)...(1 + self.jitter), using: &generator)
    }
}
