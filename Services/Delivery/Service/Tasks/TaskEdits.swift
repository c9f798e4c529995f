internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Creates and changes tasks together with what they wait for. The project is locked first, then the task.
struct TaskEdits: Sendable {
    let tasks: ResourceStore
    let commands: Commands

    /// What plans the work anew, which a closed project or engagement does not take; its words may still be put right.
    private static let plans = ["milestone_id", "priority", "assignee_id", "start_on", "due_on", "depends_on"]

    static let create = Resource.task.declaration(of: .create)
    static let change = Resource.task.declaration(of: .change)

    static let events = [
        EventDeclaration(
            "task.created",
            .created,
            "A task was created.",
            fields: [.object("data", Resource.task.visible)]
        ),
        EventDeclaration(
            "task.updated",
            .updated,
            "A task was changed.",
            fields: [.object("data", Resource.task.visible), .document("previous")]
        ),
    ]

    func register(in router: inout Router) {
        router.serve(Self.create) { input, context in try await self.create(input, context) }
        router.serve(Self.change) { input, context in try await self.change(input, context) }
        router.publishes(Self.events)
    }

    private func create(_ input: Values, _ context: CallContext) async throws -> Reply {
        let cause = try context.cause()
        return try await self.commands.run(Self.create, context) { transaction in
            let parent = try ProjectParent.lock(
                try input.identifier("project_id"),
                for: cause.organization,
                in: transaction
            )
            try parent.surroundings.require(.plan)
            try Self.requireMilestone(of: input, in: parent.project.id, for: cause.organization, transaction)
            try self.tasks.requireReferences(in: input, for: cause.organization, in: transaction)
            let id = Identifier.next(at: context.now)
            let dependencies = TaskDependencies(project: parent.project.id, organization: cause.organization)
            try dependencies.replace(input.identifiers("depends_on"), of: id, in: transaction)
            var values = input
            values.merge(parent.columns)
            values["status"] = .text(WorkTask.Status.todo.rawValue)
            let stored = try self.tasks.insert(
                values,
                id: id,
                for: cause.organization,
                at: context.now,
                in: transaction
            )
            return Outcome(
                stored.reply(status: 201, location: "\(Resource.task.path)/\(id)"),
                events: [self.tasks.event("created", .created, stored, because: cause)]
            )
        }
    }

    private func change(_ input: Values, _ context: CallContext) async throws -> Reply {
        let id = try input.identifier("id")
        let cause = try context.cause()
        return try await self.commands.run(Self.change, context) { transaction in
            // A task never changes its project, so that it may be read before its own lock is held.
            guard let known = try self.tasks.find(id, for: cause.organization, in: transaction) else {
                throw Fault.notFound(Resource.task.label)
            }
            let project = try known.row.uuid("project_id")
            let parent =
                Self.plans.contains(where: input.has)
                ? try ProjectParent.lock(project, for: cause.organization, in: transaction) : nil
            try Self.requireMilestone(of: input, in: project, for: cause.organization, transaction)
            let before = try self.tasks.lock(id, for: cause.organization, in: transaction)
            try before.require(context.ifMatch)
            try parent?.surroundings.require(.plan)
            var changes = input
            changes["id"] = nil
            guard !changes.isEmpty else { return Outcome(before.reply()) }
            try self.tasks.requireReferences(in: changes, for: cause.organization, in: transaction)
            if changes.has("depends_on") {
                let dependencies = TaskDependencies(project: project, organization: cause.organization)
                try dependencies.replace(changes.identifiers("depends_on"), of: id, in: transaction)
            }
            let after = try self.tasks.update(
                before,
                changes,
                for: cause.organization,
                at: context.now,
                in: transaction
            )
            return Outcome(
                after.reply(),
                events: [self.tasks.event("updated", .updated, after, previous: before, because: cause)]
            )
        }
    }

    private static func requireMilestone(
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
