public import Vocabulary

/// A template made concrete: milestones and tasks with identifiers and dates.
public struct ProjectPlan: Hashable, Sendable {
    public let milestones: [Milestone]
    public let tasks: [Task]

    /// A milestone of the plan, with its date.
    public struct Milestone: Hashable, Sendable {
        public let id: Identifier
        public let name: String
        public let dueOn: LocalDate
        public let amountMinor: Int64?
        /// The part of the whole that the amount is, where it was said so.
        public let share: Rate?
    }

    /// A task of the plan, with its dates and what it waits for.
    public struct Task: Hashable, Sendable {
        public let id: Identifier
        public let name: String
        public let milestoneID: Identifier?
        public let startOn: LocalDate
        public let dueOn: LocalDate
        public let priority: WorkTask.Priority
        public let dependsOn: [Identifier]
    }
}

extension ProjectTemplate {
    /// Expands the template from a start date. Identifiers come from the caller, milestones first, in template order; parts of a
    /// whole that is not known (`totalMinor`) have no amount.
    public func plan(
        startingOn startOn: LocalDate,
        totalMinor: Int64? = nil,
        identifier: () -> Identifier
    ) throws(Rejection) -> ProjectPlan {
        let shares = self.milestones.map(\.share)
        var amounts: [Int64?] = shares.map { _ in nil }
        if let totalMinor {
            amounts = try MilestoneShares.amounts(shares, of: totalMinor, at: "/milestones_template")
        }
        var milestoneIDs: [String: Identifier] = [:]
        for milestone in self.milestones {
            milestoneIDs[milestone.key] = identifier()
        }
        var taskIDs: [String: Identifier] = [:]
        for task in self.tasks {
            taskIDs[task.key] = identifier()
        }
        return ProjectPlan(
            milestones: zip(self.milestones, amounts).compactMap { milestone, amount in
                milestoneIDs[milestone.key].map { id in
                    ProjectPlan.Milestone(
                        id: id,
                        name: milestone.name,
                        dueOn: startOn.adding(days: milestone.offsetDays),
                        amountMinor: milestone.amountMinor ?? amount,
                        share: milestone.share
                    )
                }
            },
            tasks: self.tasks.compactMap { task in
                taskIDs[task.key].map { id in
                    ProjectPlan.Task(
                        id: id,
                        name: task.name,
                        milestoneID: task.milestoneKey.flatMap { milestoneIDs[$0] },
                        startOn: startOn.adding(days: task.startOffsetDays),
                        dueOn: startOn.adding(days: task.dueOffsetDays),
                        priority: task.priority,
                        dependsOn: task.dependsOn.compactMap { taskIDs[$0] }
                    )
                }
            }
        )
    }
}
