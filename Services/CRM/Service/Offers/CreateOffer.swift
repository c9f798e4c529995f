internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Makes a proposal or a contract.
///
/// An offer takes over client and contact from its deal, or from its proposal all that was accepted. What it takes over
/// is held and checked like what the request names, and before it where it is further out: so it is looked up first,
/// without a lock, and the offer is judged when all of it is held.
struct CreateOffer: Sendable {
    let offers: ResourceStore
    let commands: Commands
    /// Fills in what the request leaves to the deal or the proposal.
    let inherit: Resource.Hooks.Create
    /// The rule of the new row, whose references are held.
    let begin: Resource.Hooks.Create

    func register(in router: inout Router) {
        let resource = self.offers.resource
        let declaration = resource.declaration(of: .create)
        router.serve(declaration) { input, context in
            let organization = try context.caller().organization
            let cause = try context.cause()
            return try await self.commands.run(declaration, context) { transaction in
                var values = input
                try self.inherit(&values, context, transaction)
                try self.offers.requireReferences(in: values, for: organization, in: transaction)
                try self.begin(&values, context, transaction)
                let made = try self.offers.insert(values, for: organization, at: context.now, in: transaction)
                return Outcome(
                    made.reply(status: 201, location: "\(resource.path)/\(made.id)"),
                    events: [self.offers.event("created", .created, made, because: cause)]
                )
            }
        }
        router.publishes([
            EventDeclaration(
                "\(resource.name).created",
                .created,
                "A \(resource.label) was created.",
                fields: [.object("data", resource.visible)]
            )
        ])
    }
}
