internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// What every verb of a state machine is asked with: which row, and why.
struct MoveRequest: Sendable {
    static let reason = Field.text("reason", max: 2_000)

    let id: Identifier
    /// Empty where the verb asks for none; a rule that needs one refuses it.
    let reason: String

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.reason = input.optionalText("reason") ?? ""
    }
}

/// Moves a row along its machine: load and lock, decide, save, and write the event, in one transaction.
struct Move: Sendable {
    let store: ResourceStore
    let commands: Commands

    /// Decides on the locked row, and answers the columns that follow. The row's own machine has the first word; then what is
    /// around the row may still refuse.
    typealias Rule = @Sendable (Stored, borrowing Transaction) throws -> Values

    /// The declaration of a verb on this resource.
    static func declaration(
        _ verb: String,
        of resource: Resource,
        _ event: String,
        _ summary: String,
        reason: Field? = nil
    ) -> OperationDeclaration {
        let declaration = OperationDeclaration(
            resource.operationName(verb),
            .post("\(resource.itemPath)/\(verb)"),
            access: resource.write,
            summary
        )
        return (reason.map { declaration.body([$0]) } ?? declaration)
            .answers(.object(resource.schema, resource.visible))
            .idempotent(.optional)
            .faults(.notFound, .invalidTransition, .conflict, .stale, .validationFailed)
            .emits("\(resource.name).\(event)")
    }

    /// The event that a verb publishes.
    static func event(_ event: String, of resource: Resource, _ summary: String) -> EventDeclaration {
        EventDeclaration(
            "\(resource.name).\(event)",
            .statusChanged,
            summary,
            fields: [.object("data", resource.visible), .document("previous")]
        )
    }

    /// - Parameter step: What the move means to the engagement and the project around the row; nothing for an engagement itself.
    func run(
        _ id: Identifier,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        event: String,
        as step: WorkStep? = nil,
        _ rule: @escaping Rule
    ) async throws -> Reply {
        let organization = try context.caller().organization
        let cause = try context.cause()
        return try await self.commands.run(declaration, context) { transaction in
            // Locks are taken from the outside in: what is around the row first.
            let surroundings =
                step == nil
                ? nil : try Surroundings.hold(around: id, of: self.store.resource, for: organization, in: transaction)
            let before = try self.store.lock(id, for: organization, in: transaction)
            try before.require(context.ifMatch)
            let columns = try rule(before, transaction)
            if let step { try surroundings?.require(step) }
            let after = try self.store.update(before, columns, for: organization, at: context.now, in: transaction)
            return Outcome(
                after.reply(),
                events: [self.store.event(event, .statusChanged, after, previous: before, because: cause)]
            )
        }
    }
}
