public import Vocabulary

/// A checkpoint of a project, whose completion may draft an invoice.
public struct Milestone: Hashable, Sendable {
    public let id: Identifier
    public let projectID: Identifier
    /// What its completion bills; nothing where it bills nothing.
    public let amountMinor: Int64?
    public private(set) var status: Status
    public private(set) var closedAt: Instant?

    /// Restores a stored milestone, or begins one; it enforces no rule.
    public init(
        id: Identifier,
        projectID: Identifier,
        amountMinor: Int64? = nil,
        status: Status = .open,
        closedAt: Instant? = nil
    ) {
        self.id = id
        self.projectID = projectID
        self.amountMinor = amountMinor
        self.status = status
        self.closedAt = closedAt
    }

    /// Whether the milestone is reached.
    public enum Status: String, Lifecycle {
        case open, completed, cancelled

        public static let subject = "The milestone"

        public var successors: [Status] {
            switch self {
            case .open: [.completed, .cancelled]
            case .completed, .cancelled: []
            }
        }
    }
}

/// What happened to a milestone.
public enum MilestoneEvent: Hashable, Sendable {
    /// Revenue drafts an invoice where there is an amount.
    case completed(milestoneID: Identifier, projectID: Identifier, billsMinor: Int64?, at: Instant)
    case cancelled(milestoneID: Identifier, reason: String, at: Instant)
}

extension Milestone {
    /// Refuses a change to what its closing settled, which `detail` names.
    public func requireOpen(_ detail: String) throws(Rejection) {
        guard self.status == .open else {
            throw .conflict("milestone_closed", "The milestone is \(self.status.rawValue). \(detail)")
        }
    }

    /// Says that it was reached. A completed milestone is billed.
    public mutating func complete(at now: Instant) throws(Rejection) -> MilestoneEvent {
        try self.status.require(to: .completed)
        self.status = .completed
        self.closedAt = now
        return .completed(milestoneID: self.id, projectID: self.projectID, billsMinor: self.amountMinor, at: now)
    }

    public mutating func cancel(because reason: String, at now: Instant) throws(Rejection) -> MilestoneEvent {
        try self.status.require(to: .cancelled)
        let reason = try Reason.require(reason, "A milestone is cancelled with a reason.")
        self.status = .cancelled
        self.closedAt = now
        return .cancelled(milestoneID: self.id, reason: reason, at: now)
    }
}
