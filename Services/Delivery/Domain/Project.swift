public import Vocabulary

/// A piece of work within an engagement.
public struct Project: Hashable, Sendable {
    public let id: Identifier
    public private(set) var status: Status
    public private(set) var startedAt: Instant?
    /// When it was completed or cancelled.
    public private(set) var closedAt: Instant?

    /// Restores a stored project, or begins one; it enforces no rule.
    public init(id: Identifier, status: Status = .notStarted, startedAt: Instant? = nil, closedAt: Instant? = nil) {
        self.id = id
        self.status = status
        self.startedAt = startedAt
        self.closedAt = closedAt
    }

    /// Any state but cancelled itself leads to cancelled, a completed project included.
    public enum Status: String, Lifecycle {
        case notStarted = "not_started"
        case inProgress = "in_progress"
        case completed
        case onHold = "on_hold"
        case cancelled

        public static let subject = "The project"

        public var successors: [Status] {
            switch self {
            case .notStarted: [.inProgress, .cancelled]
            case .inProgress: [.onHold, .completed, .cancelled]
            case .onHold: [.inProgress, .cancelled]
            case .completed: [.cancelled]
            case .cancelled: []
            }
        }

        /// Whether no work is left, which is what completing the engagement asks.
        public var isFinished: Bool {
            switch self {
            case .completed, .cancelled: true
            case .notStarted, .inProgress, .onHold: false
            }
        }
    }
}

/// One move of a project.
public struct ProjectMoved: Hashable, Sendable {
    public let projectID: Identifier
    public let from: Project.Status
    public let to: Project.Status
    public let reason: String?
    public let at: Instant
}

extension Project {
    public mutating func start(at now: Instant) throws(Rejection) -> ProjectMoved {
        guard self.status == .notStarted else { throw self.status.refusal(to: .inProgress) }
        self.startedAt = now
        return try self.move(to: .inProgress, because: nil, at: now)
    }

    public mutating func hold(because reason: String, at now: Instant) throws(Rejection) -> ProjectMoved {
        try self.status.require(to: .onHold)
        let reason = try Reason.require(reason, "A project is put on hold with a reason.")
        return try self.move(to: .onHold, because: reason, at: now)
    }

    public mutating func resume(at now: Instant) throws(Rejection) -> ProjectMoved {
        guard self.status == .onHold else { throw self.status.refusal(to: .inProgress) }
        return try self.move(to: .inProgress, because: nil, at: now)
    }

    public mutating func complete(at now: Instant) throws(Rejection) -> ProjectMoved {
        try self.move(to: .completed, because: nil, at: now)
    }

    public mutating func cancel(because reason: String, at now: Instant) throws(Rejection) -> ProjectMoved {
        try self.status.require(to: .cancelled)
        let reason = try Reason.require(reason, "A project is cancelled with a reason.")
        return try self.move(to: .cancelled, because: reason, at: now)
    }

    private mutating func move(
        to target: Status,
        because reason: String?,
        at now: Instant
    ) throws(Rejection) -> ProjectMoved {
        try self.status.require(to: target)
        let from = self.status
        self.status = target
        self.closedAt = target.isFinished ? now : nil
        return ProjectMoved(projectID: self.id, from: from, to: target, reason: reason, at: now)
    }
}
