internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Serves the moves of a project.
struct ProjectMoves: Sendable {
    let move: Move

    static let start = Move.declaration("start", of: .project, "started", "Begin a project.")
    static let hold = Move.declaration(
        "hold",
        of: .project,
        "held",
        "Put a project on hold.",
        reason: MoveRequest.reason.required()
    )
    static let resume = Move.declaration("resume", of: .project, "resumed", "Take a project up again.")
    static let complete = Move.declaration("complete", of: .project, "completed", "Complete a project.")
    static let cancel = Move.declaration(
        "cancel",
        of: .project,
        "cancelled",
        "Cancel a project.",
        reason: MoveRequest.reason.required()
    )

    static let events = [
        Move.event("started", of: .project, "A project began."),
        Move.event("held", of: .project, "A project was put on hold."),
        Move.event("resumed", of: .project, "A project on hold was taken up again."),
        Move.event("completed", of: .project, "A project was completed."),
        Move.event("cancelled", of: .project, "A project was cancelled."),
    ]

    func register(in router: inout Router) {
        self.serve(Self.start, "started", as: .begin, in: &router) { project, _, now in try project.start(at: now) }
        self.serve(Self.hold, "held", as: .plan, in: &router) { project, reason, now in
            try project.hold(because: reason, at: now)
        }
        self.serve(Self.resume, "resumed", as: .begin, in: &router) { project, _, now in try project.resume(at: now) }
        self.serve(Self.complete, "completed", as: .finish, in: &router) { project, _, now in
            try project.complete(at: now)
        }
        self.serve(Self.cancel, "cancelled", as: .callOff, in: &router) { project, reason, now in
            try project.cancel(because: reason, at: now)
        }
        router.publishes(Self.events)
    }

    private func serve(
        _ declaration: OperationDeclaration,
        _ event: String,
        as step: WorkStep,
        in router: inout Router,
        _ rule: @escaping @Sendable (inout Project, _ reason: String, _ now: Instant) throws -> ProjectMoved
    ) {
        router.serve(declaration) { input, context in
            let request = try MoveRequest(input)
            return try await self.move.run(request.id, declaration, context, event: event, as: step) { before, _ in
                var project = try Project(before)
                let moved = try rule(&project, request.reason, context.now)
                return project.columns(after: moved)
            }
        }
    }
}
