public import Logging
internal import Postgres
public import Telemetry
public import Vocabulary

/// Watches a sweep over many organizations: what fails for one is logged and counted, and does not keep the others from their turn.
public struct SweepWatch: Sendable {
    private let sweep: String
    private let logger: Logger
    private let metrics: ServiceMetrics

    public init(_ sweep: String, logger: Logger, metrics: ServiceMetrics) {
        self.sweep = sweep
        self.logger = logger
        self.metrics = metrics
    }

    /// Does an organization's part of a turn and answers how much that was: nothing where it failed.
    ///
    /// What would fail for every organization alike ends the turn: the database is away, or the process is.
    public func serve(_ organization: Identifier, _ work: () async throws -> Int) async throws -> Int {
        do {
            return try await work()
        } catch let cancellation as CancellationError {
            throw cancellation
        } catch let fault as SQLFault where fault.isOfTheServer || fault.kind == .cancelled {
            throw fault
        } catch {
            self.metrics.sweepFailures.increment(self.sweep)
            self.logger.error(
                "a sweep failed for an organization; the others go on",
                error: error,
                metadata: ["sweep": "\(self.sweep)", LogKey.organizationID: "\(organization)"]
            )
            return 0
        }
    }
}

extension Setting {
    /// For a service whose rows become something with time alone.
    public static let sweepSeconds = Setting(
        "sweep.seconds",
        .number(1...3_600),
        default: "60",
        "Between two looks at what has expired or become due."
    )
}

extension ServiceEnvironment {
    /// What a date makes is made at most this late; of a service with the setting.
    public var sweepInterval: Duration {
        guard let seconds = self.values.int(Setting.sweepSeconds.key) else {
            preconditionFailure("\(Setting.sweepSeconds.key) is no setting of this service")
        }
        return .seconds(Int64(seconds))
    }

    /// Watches the sweep of this name.
    public func watch(_ sweep: String) -> SweepWatch {
        SweepWatch(sweep, logger: self.makeLogger("\(sweep).sweep"), metrics: self.metrics)
    }
}
