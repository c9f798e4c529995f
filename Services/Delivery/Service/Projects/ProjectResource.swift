internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A piece of work within an engagement.
    static let project: Resource = {
        var resource = Resource(
            service: "delivery",
            name: "project",
            plural: "projects",
            table: "project",
            fields: [
                .identifier("engagement_id").required().onCreate().filterable(),
                .identifier("project_template_id").nullable().onCreate().filterable()
                    .described("Its milestones and tasks are made from this template."),
                .text("name", max: 300).required().example("Website relaunch"),
                .text("description", max: 20_000).nullable().redacted(.content),
                .choice("status", Project.Status.self).readOnly().filterable(),
                .text("status_reason", max: 2_000).nullable().readOnly().redacted(.content)
                    .described("Why it was put on hold or cancelled."),
                .date("starts_on").nullable().filterable()
                    .described(
                        "From this day the dates of a template count; today in the organization's zone by default."
                    ),
                .date("due_on").nullable().filterable(),
                .instant("started_at").nullable().readOnly(),
                .instant("closed_at").nullable().readOnly(),
                .identifier("owner_id").nullable().filterable().described("The member who leads it."),
            ]
        )
        resource.hasCustomFields = true
        resource.isStory = true
        resource.engagementField = "engagement_id"
        // Creating expands a template, and may not happen in a closed engagement: see CreateProject.
        resource.actions = [.get, .list, .change, .delete, .restore]
        resource.references = [
            .init("engagement_id", to: .engagement, isChecked: false),
            .init("project_template_id", to: .projectTemplate, isChecked: false),
            .init("owner_id", toCopy: .member),
        ]
        resource.dependents = [
            .init(.cascade, .milestone, by: "project_id"),
            .init(.cascade, .task, by: "project_id"),
        ]
        resource.hooks.hold = Surroundings.planning(["starts_on", "due_on"], of: resource)
        // What went with it comes back with it: a project that is over may bring work that is not.
        resource.hooks.restore = { stored, context, transaction in
            let organization = try context.caller().organization
            if try Project(stored).status.isFinished {
                guard try Project.leftUnfinished(stored.id, for: organization, in: transaction) else { return }
            }
            try Surroundings.requireRoom(for: stored, of: .project, context, in: transaction)
        }
        resource.summary = "A piece of work within an engagement, empty or made from a template."
        return resource
    }()
}

extension Project {
    /// Restores a project from its row.
    init(_ stored: Stored) throws {
        self.init(
            id: stored.id,
            status: try Status(stored: try stored.row.text("status")),
            startedAt: try stored.row.instantOrNil("started_at"),
            closedAt: try stored.row.instantOrNil("closed_at")
        )
    }

    /// Whether unfinished work went with a deleted project, which would come back with it.
    static func leftUnfinished(
        _ id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Bool {
        let rows = try transaction.query(
            """
            SELECT EXISTS (
                SELECT FROM project JOIN milestone AS part ON part.organization_id = project.organization_id
                    AND part.project_id = project.id AND part.deleted_at = project.deleted_at
                WHERE project.organization_id = $1 AND project.id = $2 AND part.status = 'open'
            ) OR EXISTS (
                SELECT FROM project JOIN task AS part ON part.organization_id = project.organization_id
                    AND part.project_id = project.id AND part.deleted_at = project.deleted_at
                WHERE project.organization_id = $1 AND project.id = $2
                    AND part.status IN ('todo', 'in_progress', 'review')
            ) AS is_unfinished
            """,
            [.uuid(organization), .uuid(id)]
        )
        return try rows[0].bool("is_unfinished")
    }

    /// What a move changes.
    func columns(after moved: ProjectMoved) -> Values {
        Values([
            "status": .text(self.status.rawValue),
            "status_reason": moved.reason.map(Value.text) ?? .null,
            "started_at": self.startedAt.map(Value.instant) ?? .null,
            "closed_at": self.closedAt.map(Value.instant) ?? .null,
        ])
    }
}
