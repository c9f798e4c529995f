internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Serves the moves of a task.
struct TaskMoves: Sendable {
    let move: Move

    static let start = Move.declaration("start", of: .task, "started", "Begin a task.")
        .described(
            "Everything that it depends on must be completed or cancelled, and neither its project nor its engagement may be closed or "
                + "on hold."
        )
    static let submit = Move.declaration("submit", of: .task, "submitted", "Hand a task in for review.")
    static let complete = Move.declaration("complete", of: .task, "completed", "Complete a reviewed task.")
    static let reopen = Move.declaration(
        "reopen",
        of: .task,
        "reopened",
        "Take up a completed task again.",
        reason: MoveRequest.reason.required()
    )
    static let cancel = Move.declaration("cancel", of: .task, "cancelled", "Cancel a task.", reason: MoveRequest.reason)

    static let events = [
        Move.event("started", of: .task, "A task was begun."),
        Move.event("submitted", of: .task, "A task was handed in for review."),
        Move.event("completed", of: .task, "A task was completed."),
        Move.event("reopened", of: .task, "A completed task was taken up again."),
        Move.event("cancelled", of: .task, "A task was cancelled."),
    ]

    private typealias Rule =
        @Sendable (inout WorkTask, MoveRequest, CallContext, borrowing Transaction) throws -> TaskMoved

    func register(in router: inout Router) {
        self.serve(Self.start, "started", as: .begin, in: &router) { task, _, context, transaction in
            let organization = try context.caller().organization
            let dependencies = try TaskDependencies.states(of: task.id, for: organization, in: transaction)
            return try task.start(dependencies: dependencies, at: context.now)
        }
        self.serve(Self.submit, "submitted", as: .finish, in: &router) { task, _, context, _ in
            try task.submit(at: context.now)
        }
        self.serve(Self.complete, "completed", as: .finish, in: &router) { task, _, context, _ in
            try task.complete(at: context.now)
        }
        self.serve(Self.reopen, "reopened", as: .begin, in: &router) { task, request, context, _ in
            try task.reopen(because: request.reason, at: context.now)
        }
        self.serve(Self.cancel, "cancelled", as: .callOff, in: &router) { task, request, context, _ in
            try task.cancel(because: request.reason.isEmpty ? nil : request.reason, at: context.now)
        }
        router.publishes(Self.events)
    }

    private func serve(
        _ declaration: OperationDeclaration,
        _ event: String,
        as step: WorkStep,
        in router: inout Router,
        _ rule: @escaping Rule
    ) {
        router.serve(declaration) { input, context in
            let request = try MoveRequest(input)
            return try await self.move.run(request.id, declaration, context, event: event, as: step) {
                before,
                transaction in
                var task = try WorkTask(before)
                let moved = try rule(&task, request, context, transaction)
                return task.columns(after: moved)
            }
        }
    }
}
