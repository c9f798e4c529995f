public import Vocabulary

/// Somebody's place in an organization.
public struct Membership: Hashable, Sendable {
    public let userID: Identifier
    public private(set) var role: Role

    public init(userID: Identifier, role: Role) {
        self.userID = userID
        self.role = role
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
    /// - Parameter ownerCount: How many owners the organization has, read under a lock: it may not become none.
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
        guard self.role != .owner || ownerCount > 1 else {
            throw .conflict("last_owner", "The last owner can neither leave nor be demoted.")
        }
    }
}
