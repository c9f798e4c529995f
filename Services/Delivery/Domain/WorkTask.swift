public import Vocabulary

/// One thing to do within a project. Named so that it does not hide Swift's own `Task`.
public struct WorkTask: Hashable, Sendable {
    public let id: Identifier
    public private(set) var status: Status
    public private(set) var completedAt: Instant?

    /// Restores a stored task, or begins one; it enforces no rule.
    public init(id: Identifier, status: Status = .todo, completedAt: Instant? = nil) {
        self.id = id
        self.status = status
        self.completedAt = completedAt
    }

    /// Any state but cancelled itself leads to cancelled; a completed task may be taken up again.
    public enum Status: String, Lifecycle {
        case todo
        case inProgress = "in_progress"
        case review, completed, cancelled

        public static let subject = "The task"

        public var successors: [Status] {
            switch self {
            case .todo: [.inProgress, .cancelled]
            case .inProgress: [.review, .cancelled]
            case .review: [.completed, .cancelled]
            case .completed: [.inProgress, .cancelled]
            case .cancelled: []
            }
        }

        /// Whether it stands in nobody's way any more.
        public var isFinished: Bool {
            switch self {
            case .completed, .cancelled: true
            case .todo, .inProgress, .review: false
            }
        }
    }

    /// What is done first, from the least to the most urgent.
    public enum Priority: String, CaseIterable, Comparable, Sendable {
        case low, medium, high, urgent

        private var weight: Int {
            switch self {
            case .low: 0
            case .medium: 1
            case .high: 2
            case .urgent: 3
            }
        }

        public static func < (left: Priority, right: Priority) -> Bool {
            left.weight < right.weight
        }
    }
}

/// One move of a task.
public struct TaskMoved: Hashable, Sendable {
    public let taskID: Identifier
    public let from: WorkTask.Status
    public let to: WorkTask.Status
    public let reason: String?
    public let at: Instant
}

extension WorkTask {
    /// Begins the work, once everything that it depends on is finished.
    public mutating func start(dependencies: [Status] = [], at now: Instant) throws(Rejection) -> TaskMoved {
        guard self.status == .todo else { throw self.status.refusal(to: .inProgress) }
        let unfinished = dependencies.count { !$0.isFinished }
        guard unfinished == 0 else {
            throw .conflict("dependencies_unfinished", "\(unfinished) of the tasks it depends on are unfinished.")
        }
        return try self.move(to: .inProgress, because: nil, at: now)
    }

    /// Hands the work in for review.
    public mutating func submit(at now: Instant) throws(Rejection) -> TaskMoved {
        try self.move(to: .review, because: nil, at: now)
    }

    public mutating func complete(at now: Instant) throws(Rejection) -> TaskMoved {
        try self.move(to: .completed, because: nil, at: now)
    }

    /// Takes up a completed task again.
    public mutating func reopen(because reason: String, at now: Instant) throws(Rejection) -> TaskMoved {
        guard self.status == .completed else { throw self.status.refusal(to: .inProgress) }
        let reason = try Reason.require(reason, "A task is reopened with a reason.")
        return try self.move(to: .inProgress, because: reason, at: now)
    }

    public mutating func cancel(because reason: String?, at now: Instant) throws(Rejection) -> TaskMoved {
        try self.move(to: .cancelled, because: reason, at: now)
    }

    private mutating func move(
        to target: Status,
        because reason: String?,
        at now: Instant
    ) throws(Rejection) -> TaskMoved {
        try self.status.require(to: target)
        let from = self.status
        self.status = target
        self.completedAt = target == .completed ? now : nil
        return TaskMoved(taskID: self.id, from: from, to: target, reason: reason, at: now)
    }
}
