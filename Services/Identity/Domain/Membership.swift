public import Vocabulary

/// Somebody's place in an organization.
public struct Membership: Hashable, Sendable {
    public let userID: Identifier
    public private(set) var role: Role
    public private(set) var status: Status

    public init(userID: Identifier, role: Role, status: Status = .active) {
        self.userID = userID
        self.role = role
        self.status = status
    }

    /// Whether somebody is let in.
    public enum Status: String, Lifecycle {
        case active, deactivated

        public static let subject = "The member"

        public var successors: [Status] {
            switch self {
            case .active: [.deactivated]
            case .deactivated: [.active]
            }
        }
    }
}

/// What happened to a membership.
public enum MembershipEvent: Hashable, Sendable {
    case roleChanged(userID: Identifier, from: Role, to: Role)
    case removed(userID: Identifier, role: Role)
    case left(userID: Identifier, role: Role)
}

extension Membership {
    /// Gives the member another role. Owners rule over everybody, admins over all but owners, and others over nobody.
    ///
    /// - Parameter ownerCount: How many active owners the organization has, read under a lock: it may not become none.
    public mutating func changeRole(
        to role: Role,
        by actor: Membership,
        ownerCount: Int
    ) throws(Rejection) -> MembershipEvent {
        try actor.requirePower(over: self.role)
        try actor.requirePower(over: role)
        guard role != self.role else {
            throw .conflict("role_unchanged", "The member is \(role.rawValue) already.")
        }
        try self.requireAnotherOwner(ownerCount)
        let former = self.role
        self.role = role
        return .roleChanged(userID: self.userID, from: former, to: role)
    }

    public func remove(by actor: Membership, ownerCount: Int) throws(Rejection) -> MembershipEvent {
        try actor.requirePower(over: self.role)
        try self.requireAnotherOwner(ownerCount)
        return .removed(userID: self.userID, role: self.role)
    }

    public func leave(ownerCount: Int) throws(Rejection) -> MembershipEvent {
        try self.requireAnotherOwner(ownerCount)
        return .left(userID: self.userID, role: self.role)
    }

    /// Whether somebody would be left to decide.
    public func canLeave(ownerCount: Int) -> Bool {
        // Whoever is kept out is none of those who were counted.
        self.role != .owner || self.status != .active || ownerCount > 1
    }

    /// Keeps the member out; nobody does so to themself.
    public mutating func deactivate(by actor: Membership, ownerCount: Int) throws(Rejection) {
        try actor.requirePower(over: self.role)
        guard actor.userID != self.userID else {
            throw .conflict("oneself", "Nobody keeps themself out. Leave, or have somebody else do it.")
        }
        try self.status.require(to: .deactivated)
        try self.requireAnotherOwner(ownerCount)
        self.status = .deactivated
    }

    public mutating func reactivate(by actor: Membership) throws(Rejection) {
        try actor.requirePower(over: self.role)
        try self.status.require(to: .active)
        self.status = .active
    }

    /// Throws unless `actor` may take off the member's second factor, who has lost it. One's own is disabled by a proof of it.
    public func loseSecondFactor(by actor: Membership) throws(Rejection) {
        try actor.requirePower(over: self.role)
        guard actor.userID != self.userID else {
            throw .conflict("oneself", "Disable your own second factor, by a code or a recovery code of it.")
        }
    }

    /// Another member becomes owner in this one's place, who stays as an admin.
    public mutating func transferOwnership(to other: inout Membership) throws(Rejection) {
        guard self.role == .owner else {
            throw .conflict("role_too_low", "Only an owner has ownership to give away.")
        }
        guard other.role != .owner else { throw .conflict("role_unchanged", "The member is owner already.") }
        guard other.status == .active else {
            throw .conflict("deactivated", "A member who is kept out cannot own the organization.")
        }
        other.role = .owner
        self.role = .admin
    }

    /// Throws unless this member may invite, change or remove somebody with `role`, or give it away.
    public func requirePower(over role: Role) throws(Rejection) {
        let isAllowed =
            switch self.role {
            case .owner: true
            case .admin: role < .owner
            case .member, .viewer: false
            }
        guard isAllowed else {
            throw .conflict("role_too_low", "As \(self.role.rawValue) one has no say over \(role.rawValue)s.")
        }
    }

    private func requireAnotherOwner(_ ownerCount: Int) throws(Rejection) {
        guard self.canLeave(ownerCount: ownerCount) else {
            throw .conflict("last_owner", "The last owner can neither leave nor be demoted.")
        }
    }
}
