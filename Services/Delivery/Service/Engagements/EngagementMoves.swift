internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Serves the moves of an engagement.
struct EngagementMoves: Sendable {
    let move: Move

    static let hold = Move.declaration(
        "hold",
        of: .engagement,
        "held",
        "Put an engagement on hold.",
        reason: MoveRequest.reason.required()
    )
    static let resume = Move.declaration("resume", of: .engagement, "resumed", "Take an engagement up again.")
    static let complete = Move.declaration("complete", of: .engagement, "completed", "Complete an engagement.")
        .described(
            "Every project must be completed or cancelled, and no invoice may be a draft. Where revenue cannot say which are, the "
                + "answer is 503 and the engagement stays as it is."
        )
        .faults(.notFound, .invalidTransition, .conflict, .stale, .validationFailed, .unavailable)
    static let cancel = Move.declaration(
        "cancel",
        of: .engagement,
        "cancelled",
        "Cancel an engagement.",
        reason: MoveRequest.reason.required()
    )

    static let events = [
        EventDeclaration(
            "engagement.created",
            .created,
            "A signed contract made an engagement.",
            fields: [.object("data", Resource.engagement.told)]
        ),
        EventDeclaration(
            "engagement.activated",
            .statusChanged,
            "An engagement began.",
            fields: [
                .object("data", Resource.engagement.told),
                .document("billing").nullable().described("The contract's billing terms."),
            ]
        ),
        Move.event("held", of: .engagement, "An engagement was put on hold."),
        Move.event("resumed", of: .engagement, "An engagement on hold was taken up again."),
        Move.event("completed", of: .engagement, "An engagement was completed."),
        Move.event("cancelled", of: .engagement, "An engagement was cancelled."),
    ]

    func register(in router: inout Router) {
        router.serve(Self.hold) { input, context in
            let request = try MoveRequest(input)
            return try await self.move(request, Self.hold, context, "held") { engagement, _ in
                try engagement.hold(because: request.reason, at: context.now)
            }
        }
        router.serve(Self.resume) { input, context in
            try await self.move(try MoveRequest(input), Self.resume, context, "resumed") { engagement, _ in
                try engagement.resume(at: context.now)
            }
        }
        router.serve(Self.complete) { input, context in
            let organization = try context.caller().organization
            // A draft that was finalized a moment ago is in nobody's way, and one that was made a moment ago is.
            try await self.move.commands.requireCaughtUp(with: References.invoice.owner, for: organization)
            return try await self.move(try MoveRequest(input), Self.complete, context, "completed") {
                engagement,
                transaction in
                let open = try Self.openWork(of: engagement.id, for: organization, in: transaction)
                return try engagement.complete(
                    projects: open.projects,
                    draftInvoices: open.draftInvoices,
                    at: context.now
                )
            }
        }
        router.serve(Self.cancel) { input, context in
            let request = try MoveRequest(input)
            return try await self.move(request, Self.cancel, context, "cancelled") { engagement, _ in
                try engagement.cancel(because: request.reason, at: context.now)
            }
        }
        router.publishes(Self.events)
    }

    private func move(
        _ request: MoveRequest,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ event: String,
        _ rule: @escaping @Sendable (inout Engagement, borrowing Transaction) throws -> EngagementMoved
    ) async throws -> Reply {
        try await self.move.run(request.id, declaration, context, event: event) { before, transaction in
            var engagement = try Engagement(before)
            let moved = try rule(&engagement, transaction)
            return engagement.columns(after: moved)
        }
    }

    /// What may keep an engagement from being completed. Its own row is locked, so that no project is added meanwhile.
    private static func openWork(
        of id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> (projects: [Project.Status], draftInvoices: Int) {
        let rows = try transaction.query(
            "SELECT status FROM project WHERE organization_id = $1 AND engagement_id = $2 AND deleted_at IS NULL",
            [.uuid(organization), .uuid(id)]
        )
        var projects: [Project.Status] = []
        for index in 0..<rows.count { projects.append(try Project.Status(stored: try rows[index].text("status"))) }
        let drafts = try transaction.query(
            "SELECT count(*) AS drafts FROM invoice_ref WHERE organization_id = $1 AND engagement_id = $2 AND is_draft AND NOT is_deleted",
            [.uuid(organization), .uuid(id)]
        )
        return (projects, Int(try drafts[0].int("drafts")))
    }
}
