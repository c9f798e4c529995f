internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// An engagement as what is within it needs it: whose story it is, and in which currency it bills.
struct EngagementParent: Sendable {
    let engagement: Engagement
    let correlation: Identifier
    let currency: String?
    let totalMinor: Int64?

    init(_ stored: Stored) throws {
        self.engagement = try Engagement(stored)
        self.correlation = try stored.row.uuid("correlation_id")
        self.currency = try stored.row.textOrNil("currency")
        self.totalMinor = try stored.row.intOrNil("total_minor")
    }

    /// The columns that a row within it takes over.
    var columns: Values {
        Values(["engagement_id": .identifier(self.engagement.id), "correlation_id": .identifier(self.correlation)])
    }

    /// Finds the engagement that a request names, and keeps others from closing it until this transaction ends.
    static func hold(
        _ id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction,
        _ engagements: ResourceStore
    ) throws -> EngagementParent {
        // The shared lock waits for a move that has begun, and the next statement sees what it did.
        let rows = try transaction.query(
            "SELECT 1 AS found FROM engagement WHERE organization_id = $1 AND id = $2 FOR SHARE",
            [.uuid(organization), .uuid(id)]
        )
        guard rows.count == 1, let stored = try engagements.find(id, for: organization, in: transaction) else {
            throw Fault.invalid("/engagement_id", "unknown_reference", "There is no engagement with this id.")
        }
        return try EngagementParent(stored)
    }
}

/// A project as what is within it needs it.
struct ProjectParent: Sendable {
    let project: Project
    let engagement: Engagement
    let correlation: Identifier
    let currency: String?
    /// What the engagement comes to, of which milestones may be a part.
    let totalMinor: Int64?

    /// What is around a row within it.
    var surroundings: Surroundings {
        Surroundings(engagement: self.engagement.status, project: self.project.status)
    }

    /// The columns that a row within it takes over.
    var columns: Values {
        Values([
            "project_id": .identifier(self.project.id),
            "engagement_id": .identifier(self.engagement.id),
            "correlation_id": .identifier(self.correlation),
        ])
    }

    /// Finds the project that a request names and locks it, which brings everything that is added to one project into an order; its
    /// engagement stays as it is meanwhile.
    /// Locks are taken from the outside in: engagement, project, milestone or task.
    static func lock(
        _ id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> ProjectParent {
        let values: [SQLValue] = [.uuid(organization), .uuid(id)]
        let engagements = try transaction.query(
            """
            SELECT engagement.id, engagement.status, engagement.closed_at FROM engagement
            JOIN project ON project.organization_id = engagement.organization_id AND project.engagement_id = engagement.id
            WHERE project.organization_id = $1 AND project.id = $2
            FOR SHARE OF engagement
            """,
            values
        )
        let rows = try transaction.query(
            """
            SELECT project.id, project.status, project.started_at, project.closed_at,
                project.correlation_id, engagement.currency, engagement.total_minor
            FROM project JOIN engagement
                ON engagement.organization_id = project.organization_id AND engagement.id = project.engagement_id
            WHERE project.organization_id = $1 AND project.id = $2 AND project.deleted_at IS NULL
            FOR NO KEY UPDATE OF project
            """,
            values
        )
        guard let row = rows.first, let engagement = engagements.first else {
            throw Fault.invalid("/project_id", "unknown_reference", "There is no project with this id.")
        }
        return ProjectParent(
            project: Project(
                id: id,
                status: try Project.Status(stored: try row.text("status")),
                startedAt: try row.instantOrNil("started_at"),
                closedAt: try row.instantOrNil("closed_at")
            ),
            engagement: Engagement(
                id: try engagement.uuid("id"),
                status: try Engagement.Status(stored: try engagement.text("status")),
                closedAt: try engagement.instantOrNil("closed_at")
            ),
            correlation: try row.uuid("correlation_id"),
            currency: try row.textOrNil("currency"),
            totalMinor: try row.intOrNil("total_minor")
        )
    }
}
