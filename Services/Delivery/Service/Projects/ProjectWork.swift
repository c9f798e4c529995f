internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Makes projects, and from a template their milestones and tasks: for a request and for a signed contract alike.
struct ProjectWork: Sendable {
    let projects: ResourceStore
    let milestones: ResourceStore
    let tasks: ResourceStore

    struct Made: Sendable {
        let project: Stored
        var events: [EventRecord]
    }

    /// Makes a project of `values`. Dates of a template count from `startOn`.
    func begin(
        _ values: Values,
        within parent: EngagementParent,
        from template: ProjectTemplate?,
        startingOn startOn: LocalDate?,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Made {
        try Surroundings(engagement: parent.engagement.status).require(.plan)
        var values = values
        values.merge(parent.columns)
        values["status"] = .text(Project.Status.notStarted.rawValue)
        values["starts_on"] = startOn.map(Value.date) ?? .null
        let plan = try startOn.flatMap { day throws in
            try template?.plan(startingOn: day, totalMinor: parent.totalMinor) { Identifier.next(at: cause.now) }
        }
        if let plan, values.optionalDate("due_on") == nil, let end = plan.endOn { values["due_on"] = .date(end) }
        let project = try self.projects.insert(values, for: cause.organization, at: cause.now, in: transaction)
        var made = Made(
            project: project,
            events: [self.projects.event("created", .created, project, because: cause)]
        )
        guard let plan else { return made }
        let parent = ProjectParent(
            project: try Project(project),
            engagement: parent.engagement,
            correlation: parent.correlation,
            currency: parent.currency,
            totalMinor: parent.totalMinor
        )
        try self.expand(plan, within: parent, into: &made, because: cause.following(made.events[0]), in: transaction)
        return made
    }

    private func expand(
        _ plan: ProjectPlan,
        within parent: ProjectParent,
        into made: inout Made,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws {
        for milestone in plan.milestones {
            var values = parent.columns
            values["name"] = .text(milestone.name)
            values["due_on"] = .date(milestone.dueOn)
            values["amount_minor"] = milestone.amountMinor.map(Value.integer) ?? .null
            values["percent"] = milestone.share?.percent ?? .null
            values["currency"] = parent.currency.map(Value.text) ?? .null
            let stored = try self.milestones.insert(
                values,
                id: milestone.id,
                for: cause.organization,
                at: cause.now,
                in: transaction
            )
            made.events.append(self.milestones.event("created", .created, stored, because: cause))
        }
        let dependencies = TaskDependencies(project: parent.project.id, organization: cause.organization)
        for task in plan.tasks { try dependencies.add(task.dependsOn, to: task.id, in: transaction) }
        for task in plan.tasks {
            var values = parent.columns
            values["name"] = .text(task.name)
            values["milestone_id"] = task.milestoneID.map(Value.identifier) ?? .null
            values["start_on"] = .date(task.startOn)
            values["due_on"] = .date(task.dueOn)
            values["priority"] = .text(task.priority.rawValue)
            let stored = try self.tasks.insert(
                values,
                id: task.id,
                for: cause.organization,
                at: cause.now,
                in: transaction
            )
            made.events.append(self.tasks.event("created", .created, stored, because: cause))
        }
    }
}

extension ProjectPlan {
    /// The last day on which something is due.
    fileprivate var endOn: LocalDate? {
        (self.milestones.map(\.dueOn) + self.tasks.map(\.dueOn)).max()
    }
}
