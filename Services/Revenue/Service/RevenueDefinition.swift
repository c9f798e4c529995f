internal import Contracts
internal import EventLog
internal import Resources
public import ServiceKit
internal import Vocabulary

extension Revenue {
    /// A schedule's invoice and an overdue mark come at most this late.
    private static let sweepInterval: Duration = .seconds(60)

    /// The process, for its `main.swift`.
    public static let definition = ServiceDefinition(
        name: Revenue.name,
        migrations: Revenue.migrations
    ) { environment in
        let persistence = try environment.persistence()
        let revenue = Revenue(persistence)
        let consumer = environment.consumer(of: Revenue.producers, persistence, revenue.handlers)
        let router = Revenue(persistence.catchingUp(with: consumer)).router()
        let (schedules, overdue) = (revenue.scheduleSweep, revenue.overdueSweep)
        let (clock, logger) = (environment.clock, environment.makeLogger("revenue.sweeps"))
        return AssembledService(
            handler: try environment.endpoint(router),
            background: [
                ConsumerService(consumer),
                Periodic("schedules", every: Revenue.sweepInterval, clock: clock, logger: logger) { now in
                    try await schedules.sweep(now: now)
                },
                Periodic("overdue", every: Revenue.sweepInterval, clock: clock, logger: logger) { now in
                    try await overdue.sweep(now: now)
                },
            ]
        )
    }
}
