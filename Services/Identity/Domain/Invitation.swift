public import Vocabulary

/// Somebody has been asked to join an organization, and may say yes for a while.
public struct Invitation: Hashable, Sendable {
    public let role: Role
    public private(set) var status: Status
    public private(set) var expiresAt: Instant

    /// Long enough for a weekend.
    public static let lifetimeSeconds: Int64 = 72 * 3_600

    public init(role: Role, status: Status = .pending, expiresAt: Instant) {
        self.role = role
        self.status = status
        self.expiresAt = expiresAt
    }

    /// A new one.
    public init(role: Role, at now: Instant) {
        self.init(role: role, expiresAt: now.advanced(bySeconds: Self.lifetimeSeconds))
    }

    /// Where an invitation is in its life.
    public enum Status: String, Lifecycle {
        case pending, accepted, revoked, expired

        public static let subject = "The invitation"

        public var successors: [Status] {
            switch self {
            case .pending: [.accepted, .revoked, .expired]
            case .expired: [.pending, .revoked]
            case .accepted, .revoked: []
            }
        }
    }

    // MARK: - Moves

    /// Whoever holds the link says yes. Its time may be over before anybody has written that down.
    public mutating func accept(at now: Instant) throws(Rejection) {
        guard self.status != .accepted else { throw .gone("invitation_accepted", "This invitation has been accepted.") }
        guard self.status != .revoked else { throw .gone("invitation_revoked", "This invitation was taken back.") }
        guard self.status == .pending, now < self.expiresAt else {
            throw .gone("invitation_expired", "This invitation has expired. Ask for it to be sent again.")
        }
        self.status = .accepted
    }

    /// It is sent again, with a new link and all of its time; the link before is good for nothing.
    public mutating func resend(at now: Instant) throws(Rejection) {
        if self.status != .pending { try self.move(to: .pending) }
        self.expiresAt = now.advanced(bySeconds: Self.lifetimeSeconds)
    }

    public mutating func revoke() throws(Rejection) { try self.move(to: .revoked) }

    /// Its time is over.
    public mutating func expire(at now: Instant) throws(Rejection) {
        guard now >= self.expiresAt else {
            throw .conflict("not_expired", "This invitation is good until \(self.expiresAt).")
        }
        try self.move(to: .expired)
    }

    private mutating func move(to next: Status) throws(Rejection) {
        try self.status.require(to: next)
        self.status = next
    }
}
