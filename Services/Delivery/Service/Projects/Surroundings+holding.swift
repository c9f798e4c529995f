internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Surroundings {
    /// Finds what is around a project, a milestone or a task, and keeps others from closing it or putting it on hold until this
    /// transaction ends. Called before the row's own lock: locks are taken from the outside in.
    static func hold(
        around id: Identifier,
        of resource: Resource,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> Surroundings {
        let values: [SQLValue] = [.uuid(organization), .uuid(id)]
        // A shared lock waits for a move that has begun, and then reads what it did.
        let engagements = try transaction.query(
            "SELECT engagement.status FROM engagement JOIN " + resource.table + " AS part"
                + " ON part.organization_id = engagement.organization_id AND part.engagement_id = engagement.id"
                + " WHERE part.organization_id = $1 AND part.id = $2 FOR SHARE OF engagement",
            values
        )
        guard let engagement = engagements.first else { throw Fault.notFound(resource.label) }
        let status = try Engagement.Status(stored: try engagement.text("status"))
        guard resource.name != Resource.project.name else { return Surroundings(engagement: status) }
        let projects = try transaction.query(
            "SELECT project.status FROM project JOIN " + resource.table + " AS part"
                + " ON part.organization_id = project.organization_id AND part.project_id = project.id"
                + " WHERE part.organization_id = $1 AND part.id = $2 FOR SHARE OF project",
            values
        )
        guard let project = projects.first else { throw Fault.notFound(resource.label) }
        return Surroundings(engagement: status, project: try Project.Status(stored: try project.text("status")))
    }

    /// Refuses to change these fields, which plan the work anew, where nothing is planned any more. Words may still be put
    /// right there.
    static func planning(_ fields: [String], of resource: Resource) -> Resource.Hooks.Hold {
        { id, changes, context, transaction in
            guard fields.contains(where: changes.has) else { return nil }
            let organization = try context.caller().organization
            let around = try Self.hold(around: id, of: resource, for: organization, in: transaction)
            return { stored in
                // Where there is no project around the row, it is one itself, whose own state counts.
                let project = try around.project ?? Project(stored).status
                try Surroundings(engagement: around.engagement, project: project).require(.plan)
            }
        }
    }

    /// Refuses to bring back work that is not over where none could be added; what is over comes back anywhere.
    static func requireRoom(
        for stored: Stored,
        of resource: Resource,
        _ context: CallContext,
        in transaction: borrowing Transaction
    ) throws {
        let organization = try context.caller().organization
        try Self.hold(around: stored.id, of: resource, for: organization, in: transaction).require(.plan)
    }
}
