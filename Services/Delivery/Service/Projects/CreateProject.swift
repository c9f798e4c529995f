internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Makes a project within an engagement, empty or from a template.
struct CreateProject: Sendable {
    static let declaration = Resource.project.declaration(of: .create)
        .emits("project.created", "milestone.created", "task.created")

    static let events = [
        EventDeclaration(
            "project.created",
            .created,
            "A project was created.",
            fields: [.object("data", Resource.project.told)]
        )
    ]

    let engagements: ResourceStore
    let templates: ResourceStore
    let work: ProjectWork
    let commands: Commands

    func register(in router: inout Router) {
        router.serve(Self.declaration) { input, context in
            let caller = try context.caller()
            let cause = try context.cause()
            return try await self.commands.run(Self.declaration, context) { transaction in
                let parent = try EngagementParent.hold(
                    try input.identifier("engagement_id"),
                    for: caller.organization,
                    in: transaction,
                    self.engagements
                )
                try self.work.projects.requireReferences(in: input, for: caller.organization, in: transaction)
                let template = try self.template(of: input, for: caller.organization, in: transaction)
                let today = template == nil ? nil : caller.zone.date(at: context.now)
                let made = try self.work.begin(
                    input,
                    within: parent,
                    from: template,
                    startingOn: input.optionalDate("starts_on") ?? today,
                    because: Cause(
                        actor: cause.actor,
                        organization: cause.organization,
                        causation: cause.causation,
                        correlation: parent.correlation,
                        now: cause.now
                    ),
                    in: transaction
                )
                let location = "\(Resource.project.path)/\(made.project.id)"
                return Outcome(made.project.reply(status: 201, location: location), events: made.events)
            }
        }
        router.publishes(Self.events)
    }

    private func template(
        of input: Values,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> ProjectTemplate? {
        guard let id = input.optionalIdentifier("project_template_id") else { return nil }
        guard let stored = try self.templates.find(id, for: organization, in: transaction) else {
            throw Fault.invalid(
                "/project_template_id",
                "unknown_reference",
                "There is no project template with this id."
            )
        }
        return try ProjectTemplate(stored)
    }
}
