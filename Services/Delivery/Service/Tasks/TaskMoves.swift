internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Serves the moves of a task.
struct TaskMoves: Sendable {
    let move: Move

    static let start = Move.declaration("start", of: .task, "started", "Begin a task.")
        .described("Everything that it depends on must be completed or cancelled, and its project must be open.")
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
        self.serve(Self.start, "started", in: &router) { task, _, context, transaction in
            let organization = try context.caller().organization
            try Self.requireOpenProject(of: task.id, for: organization, in: transaction)
            let dependencies = try TaskDependencies.states(of: task.id, for: organization, in: transaction)
            return try task.start(dependencies: dependencies, at: context.now)
        }
        self.serve(Self.submit, "submitted", in: &router) { task, _, context, _ in try task.submit(at: context.now) }
        self.serve(Self.complete, "completed", in: &router) { task, _, context, _ in try task.complete(at: context.now)
        }
        self.serve(Self.reopen, "reopened", in: &router) { task, request, context, transaction in
            let organization = try context.caller().organization
            try Self.requireOpenProject(of: task.id, for: organization, in: transaction)
            return try task.reopen(because: request.reason, at: context.now)
        }
        self.serve(Self.cancel, "cancelled", in: &router) { task, request, context, _ in
            try task.cancel(because: request.reason.isEmpty ? nil : request.reason, at: context.now)
        }
        router.publishes(Self.events)
    }

    private func serve(
        _ declaration: OperationDeclaration,
        _ event: String,
        in router: inout Router,
        _ rule: @escaping Rule
    ) {
        router.serve(declaration) { input, context in
            let request = try MoveRequest(input)
            return try await self.move.run(request.id, declaration, context, event: event) { before, transaction in
                var task = try WorkTask(before)
                let moved = try rule(&task, request, context, transaction)
                return task.columns(after: moved)
            }
        }
    }

    private static func requireOpenProject(
        of task: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        let rows = try transaction.query(
            """
            SELECT project.id, project.status FROM task
            JOIN project ON project.organization_id = task.organization_id AND project.id = task.project_id
            WHERE task.organization_id = $1 AND task.id = $2
            """,
            [.uuid(organization), .uuid(task)]
        )
        let status = try Project.Status(stored: try rows[0].text("status"))
        try Project(id: try rows[0].uuid("id"), status: status).requireOpen()
    }
}
