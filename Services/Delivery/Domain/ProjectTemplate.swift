public import Vocabulary

/// The shape of a project, with dates as days after its start.
public struct ProjectTemplate: Hashable, Sendable {
    public let milestones: [Milestone]
    public let tasks: [Task]

    public static let milestonesMax = 100
    /// With the milestones about as many rows as one transaction may announce beside others.
    public static let tasksMax = 350
    /// Ten years.
    public static let offsetDaysMax = 3_650

    /// A milestone as a template has it: so many days after the start.
    public struct Milestone: Hashable, Sendable {
        /// What tasks call it within the template.
        public let key: String
        public let name: String
        public let offsetDays: Int
        public let amountMinor: Int64?
        /// The part of the engagement's total that it bills, instead of an amount.
        public let share: Rate?

        public init(key: String, name: String, offsetDays: Int, amountMinor: Int64? = nil, share: Rate? = nil) {
            self.key = key
            self.name = name
            self.offsetDays = offsetDays
            self.amountMinor = amountMinor
            self.share = share
        }
    }

    /// A task as a template has it, its dates relative to the start.
    public struct Task: Hashable, Sendable {
        public let key: String
        public let name: String
        public let milestoneKey: String?
        public let startOffsetDays: Int
        public let dueOffsetDays: Int
        public let priority: WorkTask.Priority
        /// The keys of the tasks that it waits for.
        public let dependsOn: [String]

        public init(
            key: String,
            name: String,
            milestoneKey: String? = nil,
            startOffsetDays: Int = 0,
            dueOffsetDays: Int,
            priority: WorkTask.Priority = .medium,
            dependsOn: [String] = []
        ) {
            self.key = key
            self.name = name
            self.milestoneKey = milestoneKey
            self.startOffsetDays = startOffsetDays
            self.dueOffsetDays = dueOffsetDays
            self.priority = priority
            self.dependsOn = dependsOn
        }
    }

    /// Takes a template whose keys are unique, whose references lead somewhere and whose dependencies have no cycle.
    public init(milestones: [Milestone], tasks: [Task]) throws(Rejection) {
        guard milestones.count <= Self.milestonesMax else {
            throw .invalid(
                "/milestones_template",
                code: "too_many",
                "A template has \(Self.milestonesMax) milestones at most."
            )
        }
        guard tasks.count <= Self.tasksMax else {
            throw .invalid("/tasks_template", code: "too_many", "A template has \(Self.tasksMax) tasks at most.")
        }
        self.milestones = milestones
        self.tasks = tasks
        let milestoneKeys = try Self.requireMilestones(milestones)
        try Self.requireTasks(tasks, milestoneKeys: milestoneKeys)
    }

    private static func requireMilestones(_ milestones: [Milestone]) throws(Rejection) -> Set<String> {
        var keys: Set<String> = []
        for (index, milestone) in milestones.enumerated() {
            guard keys.insert(milestone.key).inserted else {
                throw .invalid("/milestones_template/\(index)/key", code: "duplicate", "Two milestones have this key.")
            }
            try Self.requireOffset(milestone.offsetDays, at: "/milestones_template/\(index)/offset_days")
            guard milestone.amountMinor == nil || milestone.share == nil else {
                throw .invalid(
                    "/milestones_template/\(index)/percent",
                    code: "ambiguous",
                    "A milestone bills an amount or a percentage, not both."
                )
            }
        }
        try MilestoneShares.require(milestones.map(\.share), at: "/milestones_template")
        return keys
    }

    private static func requireTasks(_ tasks: [Task], milestoneKeys: Set<String>) throws(Rejection) {
        let keys = Set(tasks.map(\.key))
        var seen: Set<String> = []
        var graph = DependencyGraph<String>()
        for (index, task) in tasks.enumerated() {
            guard seen.insert(task.key).inserted else {
                throw .invalid("/tasks_template/\(index)/key", code: "duplicate", "Two tasks have this key.")
            }
            try Self.requireOffset(task.startOffsetDays, at: "/tasks_template/\(index)/start_offset_days")
            try Self.requireOffset(task.dueOffsetDays, at: "/tasks_template/\(index)/due_offset_days")
            guard task.startOffsetDays <= task.dueOffsetDays else {
                throw .invalid(
                    "/tasks_template/\(index)/due_offset_days",
                    code: "before_start",
                    "A task is due after it starts."
                )
            }
            if let milestoneKey = task.milestoneKey, !milestoneKeys.contains(milestoneKey) {
                throw .invalid("/tasks_template/\(index)/milestone_key", code: "unknown", "There is no such milestone.")
            }
            for dependency in task.dependsOn {
                guard keys.contains(dependency) else {
                    throw .invalid("/tasks_template/\(index)/depends_on", code: "unknown", "There is no such task.")
                }
                do throws(Rejection) {
                    try graph.add(task.key, dependsOn: dependency)
                } catch {
                    throw .invalid("/tasks_template/\(index)/depends_on", code: "cycle", error.detail)
                }
            }
        }
    }

    private static func requireOffset(_ days: Int, at pointer: String) throws(Rejection) {
        guard (0...Self.offsetDaysMax).contains(days) else {
            throw .invalid(pointer, code: "out_of_range", "An offset is between 0 and \(Self.offsetDaysMax) days.")
        }
    }
}
