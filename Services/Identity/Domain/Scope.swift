public import Vocabulary

/// What an API key may do, as in `crm:read`. A key never exceeds what the role of its maker may do.
public struct Scope: Hashable, Sendable {
    public let area: Area
    public let access: Access

    public init(_ area: Area, _ access: Access) {
        self.area = area
        self.access = access
    }

    /// The service a scope opens.
    public enum Area: String, CaseIterable, Sendable {
        case crm, delivery, identity, revenue, timeline
    }

    /// What a scope lets its holder do there.
    public enum Access: String, CaseIterable, Sendable {
        case read, write
    }

    /// Every scope, by area.
    public static let all: [Scope] = Area.allCases.flatMap { area in
        Access.allCases.map { Scope(area, $0) }
    }

    /// The least role that may hold it: everybody reads, members work, and admins run the organization.
    public var leastRole: Role {
        switch (self.access, self.area) {
        case (.read, _): .viewer
        case (.write, .crm), (.write, .delivery), (.write, .revenue): .member
        case (.write, .identity), (.write, .timeline): .admin
        }
    }

    /// Throws unless a maker with `role` may give all of `scopes` to a key.
    public static func require(_ scopes: [Scope], grantableBy role: Role) throws(Rejection) {
        guard !scopes.isEmpty else {
            throw .invalid("/scopes", code: "required", "A key has at least one scope.")
        }
        for (index, scope) in scopes.enumerated() where role < scope.leastRole {
            throw .invalid("/scopes/\(index)", code: "exceeds_role", "As \(role.rawValue) one cannot grant \(scope).")
        }
    }

    /// What a key may still do when its maker's role has changed since.
    public static func effective(_ scopes: Set<Scope>, makerRole: Role) -> Set<Scope> {
        scopes.filter { $0.leastRole <= makerRole }
    }
}

extension Scope: Comparable {
    public static func < (left: Scope, right: Scope) -> Bool {
        left.description < right.description
    }
}

extension Scope: LosslessStringConvertible {
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard
            parts.count == 2, let area = Area(rawValue: String(parts[0])),
            let access = Access(rawValue: String(parts[1]))
        else { return nil }
        self.init(area, access)
    }

    public var description: String { "\(self.area.rawValue):\(self.access.rawValue)" }
}
