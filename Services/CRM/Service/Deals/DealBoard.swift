internal import CRMDomain
internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// Puts a deal where somebody drops it on the board.
struct MoveDeal: Operation {
    static let declaration = OperationDeclaration(
        "crm.deal.move",
        .post("/v1/deals/{id}/move"),
        access: .write("crm"),
        "Move a deal on the board: behind another, or on top, in its own stage or in the one it advances to."
    )
    .described(
        "A board is `GET /v1/deals?stage=…&sort=position`. A change of stage follows the rules of `advance`; losing is a verb of its own."
    )
    .body([
        .choice("stage", Deal.Stage.allCases.filter { $0 != .lost }.map(\.rawValue))
            .described("Its own by default.").example("qualified"),
        .identifier("after_id").nullable().described("The deal that it is put behind; without one it is on top."),
    ])
    .answers(.object("Deal", Resource.deal.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale, .validationFailed)
    .emits("deal.moved", "deal.advanced", "deal.won")

    let id: Identifier
    let stage: String?
    let after: Identifier?

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.stage = input.optionalText("stage")
        self.after = input.optionalIdentifier("after_id")
    }
}

/// Serves the order of deals within their stages.
struct DealBoard: Sendable {
    let deals: ResourceStore
    let commands: Commands

    static let events = [
        EventDeclaration(
            "deal.moved",
            .updated,
            "A deal has another place in its stage.",
            fields: [.object("data", Resource.deal.told), .document("previous")]
        )
    ]

    func register(in router: inout Router) {
        router.serve(MoveDeal.self) { request, context in
            let caller = try context.caller()
            let cause = try context.cause()
            return try await self.commands.run(MoveDeal.declaration, context) { transaction in
                try Self.hold(caller.organization, in: transaction)
                let before = try self.deals.lock(request.id, for: caller.organization, in: transaction)
                try before.require(context.ifMatch)
                var deal = try Deal(before)
                let target = try request.stage.map { try Deal.Stage(stored: $0) } ?? deal.stage
                let moved = target == deal.stage ? nil : try deal.advance(to: target, at: context.now)
                let board = Board(organization: caller.organization, stage: target, moving: request.id)
                deal.place(at: try board.place(behind: request.after, at: context.now, in: transaction))
                let after = try self.deals.update(
                    before,
                    moved == nil ? Values(["position": .integer(deal.position)]) : deal.columns,
                    for: caller.organization,
                    at: context.now,
                    in: transaction
                )
                if let moved { try DealHistory.record(moved, by: caller, at: context.now, in: transaction) }
                let event = moved.map { $0.to == .won ? "won" : "advanced" }
                return Outcome(
                    after.reply(),
                    events: [
                        self.deals.event(
                            event ?? "moved",
                            event == nil ? .updated : .statusChanged,
                            after,
                            previous: before,
                            because: cause
                        )
                    ]
                )
            }
        }
        router.publishes(Self.events)
    }

    /// One at a time moves deals of an organization: two who drop at the same place have their deals one behind the other.
    private static func hold(_ organization: Identifier, in transaction: borrowing Transaction) throws {
        _ = try transaction.query(
            "SELECT pg_advisory_xact_lock(hashtextextended('deal board ' || $1, 0))",
            [.text(organization.description)]
        )
    }
}

/// A stage's deals in their order, without the one that is moved.
private struct Board {
    let organization: Identifier
    let stage: Deal.Stage
    let moving: Identifier

    func place(
        behind after: Identifier?,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Int64 {
        for isSpread in [false, true] {
            if isSpread { try self.spread(in: transaction) }
            let above = try after.map { try self.position(of: $0, in: transaction) }
            let below = try self.next(behind: above, after, in: transaction)
            if let place = BoardPosition.between(above, below, at: now) { return place }
        }
        throw Fault(.conflict, "Somebody else is moving these deals at the same moment. Try again.", retryAfter: 1)
    }

    private func position(of id: Identifier, in transaction: borrowing Transaction) throws -> Int64 {
        let rows = try transaction.query(
            "SELECT position FROM deal WHERE organization_id = $1 AND id = $2 AND stage = $3 AND deleted_at IS NULL AND id <> $4",
            [.uuid(self.organization), .uuid(id), .text(self.stage.rawValue), .uuid(self.moving)]
        )
        guard rows.count == 1 else {
            throw Fault.invalid("/after_id", "not_in_stage", "There is no other deal in this stage with this id.")
        }
        return try rows[0].int("position")
    }

    private func next(
        behind above: Int64?,
        _ after: Identifier?,
        in transaction: borrowing Transaction
    ) throws -> Int64? {
        var values: [SQLValue] = [.uuid(self.organization), .text(self.stage.rawValue), .uuid(self.moving)]
        var sql: SQL =
            "SELECT position FROM deal WHERE organization_id = $1 AND stage = $2 AND deleted_at IS NULL AND id <> $3"
        if let above, let after {
            values += [.int(above), .uuid(after)]
            sql += " AND (position, id) > ($4, $5)"
        }
        let rows = try transaction.query(sql + " ORDER BY position, id LIMIT 1", values)
        return rows.count == 1 ? try rows[0].int("position") : nil
    }

    /// Gives all deals of the stage room again, in their order. It is no change of any of them: their versions stay.
    private func spread(in transaction: borrowing Transaction) throws {
        _ = try transaction.query(
            """
            WITH held AS (
                SELECT id, position FROM deal WHERE organization_id = $1 AND stage = $2 AND deleted_at IS NULL ORDER BY id FOR UPDATE
            ), ordered AS (
                SELECT id, min(position) OVER () + (row_number() OVER (ORDER BY position, id) - 1) * $3 AS place FROM held
            )
            UPDATE deal SET position = ordered.place FROM ordered WHERE deal.organization_id = $1 AND deal.id = ordered.id
            """,
            [.uuid(self.organization), .text(self.stage.rawValue), .int(BoardPosition.gap)]
        )
    }
}
