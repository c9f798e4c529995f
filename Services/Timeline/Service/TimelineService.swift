public import Contracts
internal import EventLog
public import Postgres
public import Resources
public import ServiceKit

/// Everything the timeline service serves, in one readable list. `log` is the one that its consumer appends to, so that streams
/// wake at once.
public func timelineRouter(_ persistence: Persistence, _ log: ActivityLog) -> Router {
    let reader = ActivityReader(database: persistence.database)
    var router = persistence.router(for: Timeline.name)
    ActivityList(database: persistence.database, cursors: persistence.cursors).register(in: &router)
    ActivityProof(database: persistence.database).register(in: &router)
    ActivityTrace(database: persistence.database).register(in: &router)
    EventsFeed(reader: reader).register(in: &router)
    EventsStream(reader: reader, signal: log.signal).register(in: &router)
    ParkedEvents(persistence, service: Timeline.name, handlers: log.handlers, path: "parked-events").register(
        in: &router
    )
    return router
}

/// The timeline as a process.
public enum Timeline {
    public static let name = "timeline"

    /// Whose events it takes in.
    public static let producers = ["identity", "crm", "delivery", "revenue"]

    public static let migrations =
        EventLog.migrations + [
            Migration("timeline_001", PackageResources.timeline_001_activity_sql),
            Migration("timeline_002", PackageResources.timeline_002_open_words_sql),
        ]

    /// A turn costs three look-ups, and a partition is needed two months later at the earliest.
    static let sweepInterval: Duration = .seconds(3_600)

    public static let definition = ServiceDefinition(name: name, migrations: migrations) {
        environment in
        let persistence = try environment.persistence()
        let log = ActivityLog()
        let months = ActivityMonths(persistence.database)
        return AssembledService(
            handler: try environment.endpoint(timelineRouter(persistence, log)),
            background: [
                ConsumerService(environment.consumer(of: producers, persistence, log.handlers)),
                Periodic(
                    "months",
                    every: sweepInterval,
                    clock: environment.clock,
                    logger: environment.makeLogger("months")
                ) { now in
                    try await months.sweep(now: now)
                },
            ]
        )
    }
}
