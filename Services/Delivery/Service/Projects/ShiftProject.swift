internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Moves a project's start, and by as many days the dates of all that is still open in it.
struct ShiftProject: Operation {
    static let declaration = OperationDeclaration(
        "delivery.project.shift",
        .post("/v1/projects/{id}/shift"),
        access: .write("delivery"),
        "Move a project and its open work to another start."
    )
    .described(
        "Every date moves by the same number of days: the project's, and those of its open milestones and unfinished tasks."
    )
    .body([.date("starts_on").required().example("2026-12-01")])
    .answers(.object(Resource.project.schema, Resource.project.visible))
    .idempotent(.optional)
    .faults(.notFound, .conflict, .stale, .validationFailed)
    .emits("project.shifted")

    static let events = [
        EventDeclaration(
            "project.shifted",
            .updated,
            "A project and its open work moved to another start.",
            fields: [
                .object("data", Resource.project.visible), .document("previous"),
                .integer("days", -Int64(Int32.max)...Int64(Int32.max)).described(
                    "By how many days; negative for earlier."
                ),
            ]
        )
    ]

    let id: Identifier
    let startsOn: LocalDate

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.startsOn = try input.date("starts_on")
    }

    static func register(in router: inout Router, _ projects: ResourceStore, _ commands: Commands) {
        router.serve(Self.self) { request, context in
            let cause = try context.cause()
            return try await commands.run(Self.declaration, context) { transaction in
                let around = try Surroundings.hold(
                    around: request.id,
                    of: .project,
                    for: cause.organization,
                    in: transaction
                )
                let before = try projects.lock(request.id, for: cause.organization, in: transaction)
                try before.require(context.ifMatch)
                try Surroundings(engagement: around.engagement, project: try Project(before).status).require(.plan)
                guard let start = try before.row.dateOrNil("starts_on") else {
                    throw Fault(
                        .conflict,
                        "The project has no start to count from. Set starts_on first.",
                        problems: [Problem("/starts_on", "no_start", "The project has no start.")]
                    )
                }
                let days = start.days(until: request.startsOn)
                guard days != 0 else { return Outcome(before.reply()) }
                let due = try before.row.dateOrNil("due_on").map { Value.date($0.adding(days: days)) }
                let after = try projects.update(
                    before,
                    Values(["starts_on": .date(request.startsOn), "due_on": due ?? .null]),
                    for: cause.organization,
                    at: context.now,
                    in: transaction
                )
                try Self.moveOpenWork(of: request.id, by: days, because: cause, in: transaction)
                let event = projects.event(
                    "shifted",
                    .updated,
                    after,
                    previous: before,
                    extra: ["days": .int(Int64(days))],
                    because: cause
                )
                return Outcome(after.reply(), events: [event])
            }
        }
        router.publishes(Self.events)
    }

    private static func moveOpenWork(
        of project: Identifier,
        by days: Int,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws {
        let values: [SQLValue] = [.uuid(cause.organization), .uuid(project), .int(Int64(days)), .instant(cause.now)]
        try transaction.queue(
            """
            UPDATE milestone SET due_on = due_on + $3::int, version = version + 1, updated_at = $4
            WHERE organization_id = $1 AND project_id = $2 AND status = 'open' AND due_on IS NOT NULL AND deleted_at IS NULL
            """,
            values
        )
        try transaction.queue(
            """
            UPDATE task SET start_on = start_on + $3::int, due_on = due_on + $3::int, version = version + 1, updated_at = $4
            WHERE organization_id = $1 AND project_id = $2 AND status IN ('todo', 'in_progress', 'review')
                AND (start_on IS NOT NULL OR due_on IS NOT NULL) AND deleted_at IS NULL
            """,
            values
        )
    }
}
