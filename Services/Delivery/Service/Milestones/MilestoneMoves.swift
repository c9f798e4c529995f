internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Serves the moves of a milestone.
struct MilestoneMoves: Sendable {
    let move: Move

    static let complete = Move.declaration("complete", of: .milestone, "completed", "Complete a milestone.")
        .described("Where the contract bills by milestones and this one has an amount, revenue makes its invoice.")
    static let cancel = Move.declaration(
        "cancel",
        of: .milestone,
        "cancelled",
        "Cancel a milestone.",
        reason: MoveRequest.reason.required()
    )

    static let events = [
        Move.event("completed", of: .milestone, "A milestone was completed; its amount is to be billed."),
        Move.event("cancelled", of: .milestone, "A milestone was cancelled."),
    ]

    func register(in router: inout Router) {
        router.serve(Self.complete) { input, context in
            let request = try MoveRequest(input)
            return try await self.move.run(request.id, Self.complete, context, event: "completed") {
                before,
                transaction in
                let organization = try context.caller().organization
                let around = try Self.statuses(around: before, for: organization, in: transaction)
                var milestone = try Milestone(before)
                _ = try milestone.complete(within: around.project, of: around.engagement, at: context.now)
                return milestone.columns(because: nil)
            }
        }
        router.serve(Self.cancel) { input, context in
            let request = try MoveRequest(input)
            return try await self.move.run(request.id, Self.cancel, context, event: "cancelled") { before, _ in
                var milestone = try Milestone(before)
                _ = try milestone.cancel(because: request.reason, at: context.now)
                return milestone.columns(because: request.reason)
            }
        }
        router.publishes(Self.events)
    }
    private static func statuses(
        around milestone: Stored,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> (project: Project.Status, engagement: Engagement.Status) {
        let row = try transaction.query(
            """
            SELECT project.status AS project, engagement.status AS engagement FROM project
            JOIN engagement ON engagement.organization_id = project.organization_id AND engagement.id = project.engagement_id
            WHERE project.organization_id = $1 AND project.id = $2
            """,
            [.uuid(organization), .uuid(try milestone.row.uuid("project_id"))]
        )[0]
        return (
            try Project.Status(stored: try row.text("project")),
            try Engagement.Status(stored: try row.text("engagement"))
        )
    }
}
