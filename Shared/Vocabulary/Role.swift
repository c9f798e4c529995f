/// What a member may do in an organization, in ascending order of power.
public enum Role: String, CaseIterable, Comparable, Sendable {
    case viewer, member, admin, owner

    private var power: Int {
        switch self {
        case .viewer: 0
        case .member: 1
        case .admin: 2
        case .owner: 3
        }
    }

    public static func < (left: Role, right: Role) -> Bool {
        left.power < right.power
    }
}
