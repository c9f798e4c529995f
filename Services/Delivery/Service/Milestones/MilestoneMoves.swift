internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Serves the moves of a milestone.
struct MilestoneMoves: Sendable {
    let move: Move

    static let complete = Move.declaration("complete", of: .milestone, "completed", "Complete a milestone.")
        .described(
            "Where the contract bills by milestones and this one has an amount, revenue makes its invoice. Neither its "
                + "project may be cancelled nor its engagement closed."
        )
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
            return try await self.move.run(request.id, Self.complete, context, event: "completed", as: .finish) {
                before,
                _ in
                var milestone = try Milestone(before)
                _ = try milestone.complete(at: context.now)
                return milestone.columns(because: nil)
            }
        }
        router.serve(Self.cancel) { input, context in
            let request = try MoveRequest(input)
            return try await self.move.run(request.id, Self.cancel, context, event: "cancelled", as: .callOff) {
                before,
                _ in
                var milestone = try Milestone(before)
                _ = try milestone.cancel(because: request.reason, at: context.now)
                return milestone.columns(because: request.reason)
            }
        }
        router.publishes(Self.events)
    }
}
