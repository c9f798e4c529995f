internal import Contracts
internal import EventLog
internal import Logging
internal import Resources
public import ServiceKit
internal import Vocabulary

extension Revenue {
    /// The process, for its `main.swift`.
    public static let definition = ServiceDefinition(
        name: Revenue.name,
        migrations: Revenue.migrations,
        settings: [.sweepSeconds]
    ) { environment in
        let persistence = try environment.persistence()
        let logger = environment.makeLogger("revenue.sweeps")
        let revenue = Revenue(persistence) { held in
            logger.warning("an invoice stayed a draft", metadata: held.metadata)
        }
        let consumer = environment.consumer(of: Revenue.producers, persistence, revenue.handlers)
        let router = Revenue(persistence.catchingUp(with: consumer)).router()
        let schedules = revenue.scheduleSweep(environment.watch("schedules"))
        let overdue = revenue.overdueSweep(environment.watch("overdue"))
        let clock = environment.clock
        return AssembledService(
            handler: try environment.endpoint(router),
            background: [
                ConsumerService(consumer),
                Periodic("schedules", every: environment.sweepInterval, clock: clock, logger: logger) { now in
                    try await schedules.sweep(now: now)
                },
                Periodic("overdue", every: environment.sweepInterval, clock: clock, logger: logger) { now in
                    try await overdue.sweep(now: now)
                },
                Periodic("sandbox-clocks", every: SandboxTurns.interval, clock: clock, logger: logger) { now in
                    try await SandboxTurns(persistence.database).follow(at: now) { turn in
                        try await schedules.sweep(turn) + overdue.sweep(turn)
                    }
                },
            ]
        )
    }
}

extension HeldBack {
    /// Ids and a code: nothing that anybody wrote.
    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "organization_id": "\(self.organization)", "invoice_id": "\(self.invoice)", "code": "\(self.code)",
        ]
        if let schedule { metadata["schedule_id"] = "\(schedule)" }
        if let milestone { metadata["milestone_id"] = "\(milestone)" }
        return metadata
    }
}
