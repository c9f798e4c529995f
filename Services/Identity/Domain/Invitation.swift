public import Vocabulary

/// A place in an organization, offered to an address.
public struct Invitation: Hashable, Sendable {
    public let id: Identifier
    public let email: String
    public let role: Role
    public let expiresAt: Instant
    public private(set) var status: Status

    /// A week.
    public static let lifetimeSeconds: Int64 = 7 * 86_400

    /// Restores a stored invitation, or begins one; it enforces no rule.
    public init(id: Identifier, email: String, role: Role, expiresAt: Instant, status: Status = .pending) {
        self.id = id
        self.email = email
        self.role = role
        self.expiresAt = expiresAt
        self.status = status
    }

    /// Whether the invitation can still be accepted.
    public enum Status: String, Lifecycle {
        case pending, accepted, revoked, expired

        public static let subject = "The invitation"

        public var successors: [Status] {
            switch self {
            case .pending: [.accepted, .revoked, .expired]
            case .accepted, .revoked, .expired: []
            }
        }
    }
}

/// What happened to an invitation.
public enum InvitationEvent: Hashable, Sendable {
    case accepted(userID: Identifier, role: Role)
    case revoked
    case expired
}

extension Invitation {
    /// Takes the invitation up, by the person whose address it went to.
    public mutating func accept(
        by userID: Identifier,
        email: String,
        at now: Instant
    ) throws(Rejection) -> InvitationEvent {
        try self.status.require(to: .accepted)
        guard now < self.expiresAt else {
            throw .gone("invitation_expired", "The invitation is over; ask for another.")
        }
        guard email == self.email else {
            throw .conflict("email_mismatch", "The invitation went to another address.")
        }
        self.status = .accepted
        return .accepted(userID: userID, role: self.role)
    }

    public mutating func revoke() throws(Rejection) -> InvitationEvent {
        try self.status.require(to: .revoked)
        self.status = .revoked
        return .revoked
    }

    public mutating func expire(at now: Instant) throws(Rejection) -> InvitationEvent {
        try self.status.require(to: .expired)
        guard now >= self.expiresAt else {
            throw .conflict("still_valid", "The invitation can still be accepted.")
        }
        self.status = .expired
        return .expired
    }
}
