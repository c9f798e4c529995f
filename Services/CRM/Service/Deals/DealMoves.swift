internal import CRMDomain
internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// Moves a deal along the pipeline.
struct AdvanceDeal: Operation {
    static let declaration = OperationDeclaration(
        "crm.deal.advance",
        .post("/v1/deals/{id}/advance"),
        access: .write("crm"),
        "Move a deal to another open stage, or win it."
    )
    .described("One step forward or any step back among the open stages. `won` needs an amount and a client company.")
    .body([
        .choice("stage", Deal.Stage.allCases.filter { $0 != .lost }.map(\.rawValue)).required().example("qualified"),
        .integer("probability", 0...100).described("Percent, instead of the stage's own."),
    ])
    .answers(.object("Deal", Resource.deal.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale, .validationFailed)
    .emits("deal.advanced", "deal.won")

    let id: Identifier
    let stage: String
    let probability: Int64?

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.stage = try input.text("stage")
        self.probability = input.optionalInteger("probability")
    }
}

/// Ends a deal without a sale.
struct LoseDeal: Operation {
    static let declaration = OperationDeclaration(
        "crm.deal.lose",
        .post("/v1/deals/{id}/lose"),
        access: .write("crm"),
        "Lose a deal."
    )
    .body([
        .choice("lost_reason", Deal.LostReason.self).required(),
        .text("note", max: 2_000).described("Required where the reason is `other`."),
    ])
    .answers(.object("Deal", Resource.deal.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale, .validationFailed)
    .emits("deal.lost")

    let id: Identifier
    let reason: String
    let note: String?

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.reason = try input.text("lost_reason")
        self.note = input.optionalText("note")
    }
}

/// Takes a closed deal up again.
struct ReopenDeal: Operation {
    static let declaration = OperationDeclaration(
        "crm.deal.reopen",
        .post("/v1/deals/{id}/reopen"),
        access: .write("crm"),
        "Reopen a lost or won deal."
    )
    .described(
        "A lost deal returns to the stage it was lost from; a won one to negotiation, while no contract of it is signed."
    )
    .body([.text("reason", max: 2_000).required()])
    .answers(.object("Deal", Resource.deal.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale, .validationFailed)
    .emits("deal.reopened")

    let id: Identifier
    let reason: String

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.reason = try input.text("reason")
    }
}

/// Serves the moves of a deal: load and lock, decide, save, and write the history and the event, in one transaction.
struct DealMoves: Sendable {
    let deals: ResourceStore
    let commands: Commands

    static let events = [
        EventDeclaration("deal.advanced", .statusChanged, "A deal moved to another open stage.", fields: data),
        EventDeclaration("deal.won", .statusChanged, "A deal was won.", fields: data),
        EventDeclaration("deal.lost", .statusChanged, "A deal was lost.", fields: data),
        EventDeclaration("deal.reopened", .statusChanged, "A closed deal was taken up again.", fields: data),
    ]
    private static let data: [Field] = [.object("data", Resource.deal.told), .document("previous")]

    func register(in router: inout Router) {
        router.serve(AdvanceDeal.self) { request, context in
            let stage = try Deal.Stage(stored: request.stage)
            return try await self.move(request.id, AdvanceDeal.declaration, context, stage == .won ? "won" : "advanced")
            { deal, _ in
                try deal.advance(to: stage, probability: request.probability.map(Int.init), at: context.now)
            }
        }
        router.serve(LoseDeal.self) { request, context in
            let reason = Deal.LostReason(rawValue: request.reason) ?? .other
            return try await self.move(request.id, LoseDeal.declaration, context, "lost") { deal, _ in
                try deal.lose(because: reason, note: request.note, at: context.now)
            }
        }
        router.serve(ReopenDeal.self) { request, context in
            let organization = try context.caller().organization
            return try await self.move(request.id, ReopenDeal.declaration, context, "reopened") { deal, transaction in
                let signed = try transaction.query(
                    "SELECT EXISTS (SELECT FROM contract WHERE organization_id = $1 AND deal_id = $2 AND status = 'signed') AS signed",
                    [.uuid(organization), .uuid(request.id)]
                )
                return try deal.reopen(
                    because: request.reason,
                    hasSignedContract: try signed[0].bool("signed"),
                    at: context.now
                )
            }
        }
        router.publishes(Self.events)
    }

    private func move(
        _ id: Identifier,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ event: String,
        _ rule: @escaping @Sendable (inout Deal, borrowing Transaction) throws -> DealMoved
    ) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        return try await self.commands.run(declaration, context) { transaction in
            let before = try self.deals.lock(id, for: caller.organization, in: transaction)
            try before.require(context.ifMatch)
            var deal = try Deal(before)
            let moved = try rule(&deal, transaction)
            let after = try self.deals.update(
                before,
                deal.columns,
                for: caller.organization,
                at: context.now,
                in: transaction
            )
            try DealHistory.record(moved, by: caller, at: context.now, in: transaction)
            return Outcome(
                after.reply(),
                events: [self.deals.event(event, .statusChanged, after, previous: before, because: cause)]
            )
        }
    }
}
