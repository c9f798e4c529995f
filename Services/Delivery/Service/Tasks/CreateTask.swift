internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Creates a task together with what it waits for.
struct CreateTask: Sendable {
    static let declaration = Resource.task.declaration(of: .create)

    static let events = [
        EventDeclaration(
            "task.created",
            .created,
            "A task was created.",
            fields: [.object("data", Resource.task.told)]
        )
    ]

    let tasks: ResourceStore
    let commands: Commands

    func register(in router: inout Router) {
        router.serve(Self.declaration) { input, context in try await self.create(input, context) }
        router.publishes(Self.events)
    }

    private func create(_ input: Values, _ context: CallContext) async throws -> Reply {
        let cause = try context.cause()
        return try await self.commands.run(Self.declaration, context) { transaction in
            let parent = try ProjectParent.lock(
                try input.identifier("project_id"),
                for: cause.organization,
                in: transaction
            )
            try parent.surroundings.require(.plan)
            try TaskEdits.requireMilestone(of: input, in: parent.project.id, for: cause.organization, transaction)
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
}
