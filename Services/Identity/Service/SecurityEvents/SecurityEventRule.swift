/// Which of this service's events are security events, and what is written down of each. Everything about that is in this table.
struct SecurityEventRule: Hashable, Sendable {
    /// Whom an event is about.
    enum Person: Hashable, Sendable {
        /// The aggregate is the person.
        case aggregate
        /// `data.user_id`.
        case user
        /// The person behind `data.member_id`; whoever acts where there is none.
        case member
    }

    let type: String
    let person: Person
    /// What is taken over of `data`: never a secret, never an address of a network.
    let facts: [String]
    /// Whether what it was before is taken over too.
    var hasPrevious = false
    /// Whether it says from where: the session's own row knows.
    var hasPlace = false

    private init(_ type: String, about person: Person, _ facts: [String] = []) {
        self.type = type
        self.person = person
        self.facts = facts
    }

    private static let key = ["name", "prefix", "scopes", "expires_at", "former_until", "revoked_at"]
    private static let token = ["provider", "name", "expires_at"]
    private static let member = ["role", "status"]
    private static let invitation = ["role", "expires_at"]

    /// By the event's type.
    static let all: [String: SecurityEventRule] = Dictionary(
        uniqueKeysWithValues: [
            SecurityEventRule("session.started", about: .user).withPlace(),
            SecurityEventRule("session.authenticated", about: .user, ["aal"]),
            SecurityEventRule("session.ended", about: .user, ["ended_because"]),
            SecurityEventRule("session.refresh_reused", about: .user, ["ended_because"]),
            SecurityEventRule("user.password_changed", about: .aggregate),
            SecurityEventRule("user.second_factor_enabled", about: .aggregate),
            SecurityEventRule("user.second_factor_disabled", about: .aggregate),
            SecurityEventRule("user.second_factor_reset", about: .aggregate),
            SecurityEventRule("user.recovery_codes_renewed", about: .aggregate),
            SecurityEventRule("user.erasure_scheduled", about: .aggregate),
            SecurityEventRule("user.erasure_withdrawn", about: .aggregate),
            SecurityEventRule("user.erasure_refused", about: .aggregate),
            SecurityEventRule("user.erased", about: .aggregate),
            SecurityEventRule("member.added", about: .user, Self.member),
            SecurityEventRule("member.role_changed", about: .user, Self.member).withPrevious(),
            SecurityEventRule("member.deactivated", about: .user, Self.member),
            SecurityEventRule("member.reactivated", about: .user, Self.member),
            SecurityEventRule("member.removed", about: .user, Self.member),
            SecurityEventRule("invitation.created", about: .member, Self.invitation),
            SecurityEventRule("invitation.resent", about: .member, Self.invitation),
            SecurityEventRule("invitation.revoked", about: .member, Self.invitation),
            SecurityEventRule("invitation.expired", about: .member, Self.invitation),
            SecurityEventRule("invitation.accepted", about: .member, Self.invitation),
            SecurityEventRule("api_key.created", about: .member, Self.key),
            SecurityEventRule("api_key.rotated", about: .member, Self.key),
            SecurityEventRule("api_key.revoked", about: .member, Self.key),
            SecurityEventRule("integration_token.stored", about: .member, Self.token),
            SecurityEventRule("integration_token.replaced", about: .member, Self.token),
            SecurityEventRule("integration_token.revoked", about: .member, Self.token),
            SecurityEventRule("integration_token.used", about: .member, Self.token),
        ].map { ($0.type, $0) }
    )

    /// Events of this service that say nothing of anybody's security.
    static let unconcerned: Set<String> = ["organization.created", "organization.updated", "user.registered"]

    /// What is no event, because nothing has changed by it: it is written down where it happens.
    enum Observation: String, CaseIterable {
        /// The password or the code at a sign-in was wrong.
        case refused = "session.refused"
        /// A link for a new password was asked for.
        case resetRequested = "user.password_reset_requested"
        /// Somebody began to fetch all that is held about them.
        case exported = "user.data_exported"
        /// An API key was used from a network that it had not been used from.
        case newNetwork = "api_key.used_from_new_network"
    }

    /// Every type of security event.
    static let types: [String] = (Self.all.keys + Observation.allCases.map(\.rawValue)).sorted()

    private func withPlace() -> SecurityEventRule {
        var copy = self
        copy.hasPlace = true
        return copy
    }

    private func withPrevious() -> SecurityEventRule {
        var copy = self
        copy.hasPrevious = true
        return copy
    }
}
