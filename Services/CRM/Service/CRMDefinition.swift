internal import Contracts
internal import EventLog
internal import Resources
public import ServiceKit

/// The crm process: its router, its copies of other services' rows, and the sweep at midnight.
public let crmDefinition = ServiceDefinition(
    name: "crm",
    migrations: CRM.migrations,
    settings: [.sweepSeconds]
) { environment in
    let persistence = try environment.persistence()
    let consumer = environment.consumer(of: CRM.producers, persistence, crmHandlers())
    let sweep = ExpirySweep(persistence, environment.watch("expiry"))
    return AssembledService(
        handler: try environment.endpoint(crmRouter(persistence.catchingUp(with: consumer))),
        background: [
            ConsumerService(consumer),
            Periodic(
                "expiry",
                every: environment.sweepInterval,
                clock: environment.clock,
                logger: environment.makeLogger("expiry")
            ) { now in
                try await sweep.sweep(now: now)
            },
            Periodic(
                "sandbox-clocks",
                every: SandboxTurns.interval,
                clock: environment.clock,
                logger: environment.makeLogger("expiry")
            ) { now in
                try await SandboxTurns(persistence.database).follow(at: now, sweep.sweep)
            },
        ]
    )
}
