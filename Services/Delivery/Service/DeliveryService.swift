public import Contracts
public import EventLog
public import Postgres
public import Resources
public import ServiceKit

/// The delivery service: its tables, what it serves and what it consumes.
public struct Delivery: Sendable {
    /// The services whose events it follows.
    public static let producers = ["identity", "crm", "revenue"]

    public static let migrations =
        EventLog.migrations + [
            Migration("delivery_001", PackageResources.delivery_001_references_sql),
            Migration("delivery_002", PackageResources.delivery_002_engagements_and_templates_sql),
            Migration("delivery_003", PackageResources.delivery_003_work_sql),
            Migration("delivery_004", PackageResources.delivery_004_members_sql),
            Migration("delivery_005", PackageResources.delivery_005_milestone_shares_sql),
            Migration("delivery_006", PackageResources.delivery_006_given_columns_sql),
            Migration("delivery_007", PackageResources.delivery_007_members_kept_out_sql),
        ]

    private let persistence: Persistence
    private let engagements = ResourceStore(.engagement)
    private let templates = ResourceStore(.projectTemplate)
    private let projects = ResourceStore(.project)
    private let milestones = ResourceStore(.milestone)
    private let tasks = ResourceStore(.task)

    public init(_ persistence: Persistence) { self.persistence = persistence }

    private var work: ProjectWork {
        ProjectWork(projects: self.projects, milestones: self.milestones, tasks: self.tasks)
    }

    /// Everything it serves, in one readable list.
    public func router(peers: PeerCalls) -> Router {
        let persistence = self.persistence
        let (database, commands) = (persistence.database, persistence.commands)
        var router = persistence.router(for: "delivery")

        persistence.serve(.engagement, in: &router)
        EngagementMoves(move: Move(store: self.engagements, commands: commands)).register(in: &router)
        EngagementOverviews(engagements: self.engagements, projects: self.projects, database: database, peers: peers)
            .register(in: &router)
        EngagementTrace.register(in: &router, self.engagements, database, peers)

        persistence.serve(.projectTemplate, in: &router)

        persistence.serve(.project, in: &router)
        CreateProject(engagements: self.engagements, templates: self.templates, work: self.work, commands: commands)
            .register(in: &router)
        ProjectMoves(move: Move(store: self.projects, commands: commands)).register(in: &router)
        ShiftProjects(projects: self.projects, milestones: self.milestones, tasks: self.tasks, commands: commands)
            .register(in: &router)

        persistence.serve(.milestone, in: &router)
        MilestoneMoves(move: Move(store: self.milestones, commands: commands)).register(in: &router)

        persistence.serve(.task, in: &router)
        CreateTask(tasks: self.tasks, commands: commands).register(in: &router)
        TaskMoves(move: Move(store: self.tasks, commands: commands)).register(in: &router)

        ParkedEvents(persistence, service: "delivery", handlers: self.handlers).register(in: &router)
        return router
    }

    /// What other services' events do here.
    public var handlers: EventHandlers {
        var handlers = EventHandlers()
        References.follow(&handlers)
        ContractConsumer(engagements: self.engagements, templates: self.templates, work: self.work).register(
            in: &handlers
        )
        return handlers
    }

    /// Puts the service together.
    public static func assemble(_ environment: ServiceEnvironment) throws -> AssembledService {
        let persistence = try environment.persistence()
        let consumer = environment.consumer(of: Self.producers, persistence, Delivery(persistence).handlers)
        let router = Delivery(persistence.catchingUp(with: consumer))
            .router(peers: PeerCalls(environment, to: "revenue", "timeline"))
        return AssembledService(handler: try environment.endpoint(router), background: [ConsumerService(consumer)])
    }
}
