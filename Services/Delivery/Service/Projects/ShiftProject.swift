internal import Contracts
internal import DeliveryDomain
internal import EventLog
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
    .emits("project.shifted", "milestone.updated", "task.updated")

    static let events = [
        EventDeclaration(
            "project.shifted",
            .updated,
            "A project and its open work moved to another start.",
            fields: [
                .object("data", Resource.project.told), .document("previous"),
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
}

/// Serves it. Each row that moves says so by an event of its own, with its own version, so that whoever follows milestones or tasks
/// need not know what a project's shift means.
struct ShiftProjects: Sendable {
    /// How many milestones and tasks one request moves: they and the project are one transaction's events.
    static let rowsMax = EventLog.eventsPerTransactionMax - 1

    let projects: ResourceStore
    let milestones: ResourceStore
    let tasks: ResourceStore
    let commands: Commands

    func register(in router: inout Router) {
        router.serve(ShiftProject.self) { request, context in
            let cause = try context.cause()
            return try await self.commands.run(ShiftProject.declaration, context) { transaction in
                let around = try Surroundings.hold(
                    around: request.id,
                    of: .project,
                    for: cause.organization,
                    in: transaction
                )
                let before = try self.projects.lock(request.id, for: cause.organization, in: transaction)
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
                let after = try self.projects.update(
                    before,
                    Values(["starts_on": .date(request.startsOn), "due_on": due ?? .null]),
                    for: cause.organization,
                    at: context.now,
                    in: transaction
                )
                let shifted = self.projects.event(
                    "shifted",
                    .updated,
                    after,
                    previous: before,
                    extra: ["days": .int(Int64(days))],
                    because: cause
                )
                let moved = try self.moveOpenWork(
                    of: request.id,
                    by: days,
                    because: cause.following(shifted),
                    in: transaction
                )
                return Outcome(after.reply(), events: [shifted] + moved)
            }
        }
        router.publishes(ShiftProject.events)
    }

    private func moveOpenWork(
        of project: Identifier,
        by days: Int,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        var events: [EventRecord] = []
        let work: [(store: ResourceStore, condition: SQL, assignments: SQL)] = [
            (
                self.milestones, "project_id = $2 AND status = 'open' AND due_on IS NOT NULL",
                "due_on = due_on + $4::int"
            ),
            (
                self.tasks,
                """
                project_id = $2 AND status IN ('todo', 'in_progress', 'review')
                    AND (start_on IS NOT NULL OR due_on IS NOT NULL)
                """,
                "start_on = start_on + $4::int, due_on = due_on + $4::int"
            ),
        ]
        for (store, condition, assignments) in work {
            let room = Self.rowsMax - events.count
            let moved = try store.change(
                where: condition,
                [.uuid(project)],
                set: assignments,
                [.int(Int64(days))],
                atMost: room + 1,
                for: cause.organization,
                at: cause.now,
                in: transaction
            )
            guard moved.count <= room else {
                throw Fault(
                    .conflict,
                    "More than \(Self.rowsMax) milestones and tasks are open in this project; they cannot move at once.",
                    problems: [Problem("", "too_many", "At most \(Self.rowsMax) milestones and tasks move at once.")]
                )
            }
            for (before, after) in moved {
                events.append(store.event("updated", .updated, after, previous: before, because: cause))
            }
        }
        return events
    }
}
