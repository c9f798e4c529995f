internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// The limits of a task's declaration.
enum TaskFields {
    /// How many tasks one task may wait for.
    static let dependenciesMax = 50
}

extension Resource {
    /// One thing to do within a project.
    static let task: Resource = {
        var resource = Resource(
            service: "delivery",
            name: "task",
            plural: "tasks",
            table: "task",
            fields: [
                .identifier("project_id").required().onCreate().filterable(),
                .identifier("engagement_id").readOnly().filterable(),
                .identifier("milestone_id").nullable().filterable().described("A milestone of the same project."),
                .text("name", max: 200).required().example("Agree on goals"),
                .text("description", max: 20_000).nullable().redacted(.content),
                .choice("status", WorkTask.Status.self).readOnly().filterable(),
                .text("status_reason", max: 2_000).nullable().readOnly().redacted(.content)
                    .described("Why it was reopened or cancelled."),
                .choice("priority", WorkTask.Priority.self).filterable()
                    .defaulting(to: .string(WorkTask.Priority.medium.rawValue)),
                .identifier("assignee_id").nullable().filterable().described("The member who does it."),
                .date("start_on").nullable(),
                .date("due_on").nullable().filterable(),
                .list("depends_on", of: .identifier, countMax: TaskFields.dependenciesMax).defaulting(to: [])
                    .described(
                        "Tasks of the same project that must be completed or cancelled before it starts; never in a circle."
                    ),
                .instant("completed_at").nullable().readOnly().filterable(),
            ]
        )
        resource.computed = ["depends_on": TaskDependencies.list]
        resource.references = [
            .init("project_id", to: .project, isChecked: false),
            .init("engagement_id", to: .engagement, isChecked: false),
            .init("milestone_id", to: .milestone, isChecked: false),
            .init("assignee_id", toCopy: .member),
        ]
        resource.isStory = true
        resource.engagementField = "engagement_id"
        // Creating keeps the dependencies too: see CreateTask.
        resource.actions = [.get, .list, .change, .delete, .restore]
        resource.hooks.hold = TaskEdits.hold
        resource.hooks.change = TaskEdits.change
        resource.hooks.delete = { stored, context, transaction in
            try TaskDependencies.release(stored.id, for: try context.caller().organization, in: transaction)
        }
        // It comes back waiting for nothing: what it waited for was let go of with it, and may be over or in a circle by now.
        resource.hooks.restore = { stored, context, transaction in
            guard try !WorkTask(stored).status.isFinished else { return }
            try Surroundings.requireRoom(for: stored, of: .task, context, in: transaction)
        }
        resource.summary = "One thing to do within a project."
        return resource
    }()
}

extension WorkTask {
    /// Restores a task from its row.
    init(_ stored: Stored) throws {
        self.init(
            id: stored.id,
            status: try Status(stored: try stored.row.text("status")),
            completedAt: try stored.row.instantOrNil("completed_at")
        )
    }

    /// What a move changes.
    func columns(after moved: TaskMoved) -> Values {
        Values([
            "status": .text(self.status.rawValue),
            "status_reason": moved.reason.map(Value.text) ?? .null,
            "completed_at": self.completedAt.map(Value.instant) ?? .null,
        ])
    }
}
