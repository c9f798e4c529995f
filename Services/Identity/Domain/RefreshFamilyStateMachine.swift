public import Vocabulary

/// The refresh tokens that descend from one sign-in, each the successor of the one before.
///
/// A token is used once. Its predecessor may be repeated for a few seconds, because the answer to a rotation can be
/// lost on the way; anything older was stolen from somebody, and ends the family.
public struct RefreshFamilyStateMachine: Hashable, Sendable {
    public let startedAt: Instant
    /// The newest token's number; the first is 1.
    public private(set) var generation: Int64
    /// When the newest token was made, which is when its predecessor was used.
    public private(set) var rotatedAt: Instant
    public private(set) var revokedAt: Instant?
    /// How long the family lasts, and how long each access token of it.
    public let lifetime: SessionLifetime
    public let accessSeconds: Int64

    /// How long a predecessor returns the same successor.
    public static let graceSeconds: Int64 = 10

    public init(
        startedAt: Instant,
        generation: Int64 = 1,
        rotatedAt: Instant? = nil,
        revokedAt: Instant? = nil,
        lifetime: SessionLifetime = .refresh,
        accessSeconds: Int64 = SessionLifetime.accessSeconds
    ) {
        self.lifetime = lifetime
        self.accessSeconds = accessSeconds
        self.startedAt = startedAt
        self.generation = generation
        self.rotatedAt = rotatedAt ?? startedAt
        self.revokedAt = revokedAt
    }

    /// What to do about a presented token. Not an error: a reuse must be stored, and throwing would roll it back.
    public enum Action: Hashable, Sendable {
        /// Make the token of this generation, with these expiries.
        case rotate(generation: Int64, accessExpiresAt: Instant, refreshExpiresAt: Instant)
        /// Return the successor that was made before, unchanged.
        case returnSuccessor(generation: Int64)
        /// Somebody else has used this token: the family is revoked now.
        case revokeFamily
        case refuse(Refusal)
    }

    /// Why a refresh token is not taken.
    public enum Refusal: String, CaseIterable, Sendable {
        case revoked, expired, unknown
    }

    /// The instant from which the newest token is not taken any more.
    public var expiresAt: Instant {
        self.lifetime.expiry(startedAt: self.startedAt, lastUsedAt: self.rotatedAt)
    }

    /// The instant at which the family ends, however often it is refreshed.
    public var endsAt: Instant { self.startedAt.advanced(bySeconds: self.lifetime.absoluteSeconds) }

    /// When an access token that is made now ends: no later than the family.
    public func accessExpiry(at now: Instant) -> Instant {
        min(now.advanced(bySeconds: self.accessSeconds), self.endsAt)
    }

    public mutating func present(generation presented: Int64, at now: Instant) -> Action {
        guard self.revokedAt == nil else { return .refuse(.revoked) }
        guard presented >= 1, presented <= self.generation else { return .refuse(.unknown) }
        if presented == self.generation {
            guard now < self.expiresAt else { return .refuse(.expired) }
            return self.rotate(at: now)
        }
        let isWithinGrace = now < self.rotatedAt.advanced(bySeconds: Self.graceSeconds)
        if presented == self.generation - 1, isWithinGrace {
            return .returnSuccessor(generation: self.generation)
        }
        self.revokedAt = now
        return .revokeFamily
    }

    /// Ends the family: signing out, a new password, a deactivated user.
    public mutating func revoke(at now: Instant) {
        self.revokedAt = self.revokedAt ?? now
    }

    private mutating func rotate(at now: Instant) -> Action {
        self.generation += 1
        self.rotatedAt = now
        return .rotate(
            generation: self.generation,
            accessExpiresAt: self.accessExpiry(at: now),
            refreshExpiresAt: self.expiresAt
        )
    }
}
