internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// What changing a task takes beside its own row: its project is locked first, then its milestone, then the task.
enum TaskEdits {
    /// What plans the work anew, which a closed project or engagement does not take; its words may still be put right.
    private static let plans = ["milestone_id", "priority", "assignee_id", "start_on", "due_on", "depends_on"]

    /// As ``Surroundings/planning(_:of:)``; but the project is locked as for adding to it: see ``TaskDependencies``.
    static let hold: Resource.Hooks.Hold = { id, changes, context, transaction in
        guard Self.plans.contains(where: changes.has) else { return nil }
        let organization = try context.caller().organization
        // A task never changes its project, so that it may be read before its own lock is held.
        let rows = try transaction.query(
            "SELECT project_id FROM task WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL",
            [.uuid(organization), .uuid(id)]
        )
        guard let project = try rows.first?.uuid("project_id") else { throw Fault.notFound(Resource.task.label) }
        let parent = try ProjectParent.lock(project, for: organization, in: transaction)
        try Self.requireMilestone(of: changes, in: project, for: organization, transaction)
        return { _ in try parent.surroundings.require(.plan) }
    }

    static let change: Resource.Hooks.Change = { stored, changes, context, transaction in
        guard changes.has("depends_on") else { return }
        let dependencies = TaskDependencies(
            project: try stored.row.uuid("project_id"),
            organization: try context.caller().organization
        )
        try dependencies.replace(changes.identifiers("depends_on"), of: stored.id, in: transaction)
    }

    /// Finds the milestone that a task is given, in the task's project, and keeps it from being deleted.
    static func requireMilestone(
        of input: Values,
        in project: Identifier,
        for organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws {
        guard let milestone = input.optionalIdentifier("milestone_id") else { return }
        let rows = try transaction.query(
            """
            SELECT 1 AS found FROM milestone
            WHERE organization_id = $1 AND project_id = $2 AND id = $3 AND deleted_at IS NULL FOR KEY SHARE
            """,
            [.uuid(organization), .uuid(project), .uuid(milestone)]
        )
        guard rows.count == 1 else {
            throw Fault.invalid(
                "/milestone_id",
                "unknown_reference",
                "There is no milestone with this id in the project."
            )
        }
    }
}
