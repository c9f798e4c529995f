public import Vocabulary

/// The work that one signed contract began: the hub of its projects, invoices, threads and files.
public struct Engagement: Hashable, Sendable {
    public let id: Identifier
    public private(set) var status: Status
    /// When it was completed or cancelled.
    public private(set) var closedAt: Instant?

    /// Restores a stored engagement, or begins one; it enforces no rule.
    public init(id: Identifier, status: Status = .active, closedAt: Instant? = nil) {
        self.id = id
        self.status = status
        self.closedAt = closedAt
    }

    /// Whether work for the client goes on.
    public enum Status: String, Lifecycle {
        case active
        case onHold = "on_hold"
        case completed, cancelled

        public static let subject = "The engagement"

        public var successors: [Status] {
            switch self {
            case .active: [.onHold, .completed, .cancelled]
            case .onHold: [.active, .cancelled]
            case .completed, .cancelled: []
            }
        }
    }
}

/// One move of an engagement.
public struct EngagementMoved: Hashable, Sendable {
    public let engagementID: Identifier
    public let from: Engagement.Status
    public let to: Engagement.Status
    public let reason: String?
    public let at: Instant
}

extension Engagement {
    public mutating func hold(because reason: String, at now: Instant) throws(Rejection) -> EngagementMoved {
        try self.status.require(to: .onHold)
        let reason = try Reason.require(reason, "An engagement is put on hold with a reason.")
        return try self.move(to: .onHold, because: reason, at: now)
    }

    public mutating func resume(at now: Instant) throws(Rejection) -> EngagementMoved {
        try self.move(to: .active, because: nil, at: now)
    }

    /// Closes the engagement once nothing is left to do in its projects and nothing left to send of its invoices.
    public mutating func complete(
        projects: [Project.Status],
        draftInvoices: Int,
        at now: Instant
    ) throws(Rejection) -> EngagementMoved {
        try self.status.require(to: .completed)
        let unfinished = projects.count { !$0.isFinished }
        guard unfinished == 0 else {
            throw .conflict("projects_unfinished", "Projects that are neither completed nor cancelled: \(unfinished).")
        }
        guard draftInvoices == 0 else {
            throw .conflict("draft_invoices", "Invoices that are still drafts: \(draftInvoices).")
        }
        return try self.move(to: .completed, because: nil, at: now)
    }

    public mutating func cancel(because reason: String, at now: Instant) throws(Rejection) -> EngagementMoved {
        try self.status.require(to: .cancelled)
        let reason = try Reason.require(reason, "An engagement is cancelled with a reason.")
        return try self.move(to: .cancelled, because: reason, at: now)
    }

    private mutating func move(
        to target: Status,
        because reason: String?,
        at now: Instant
    ) throws(Rejection) -> EngagementMoved {
        try self.status.require(to: target)
        let from = self.status
        self.status = target
        self.closedAt = target.isTerminal ? now : nil
        return EngagementMoved(engagementID: self.id, from: from, to: target, reason: reason, at: now)
    }
}
