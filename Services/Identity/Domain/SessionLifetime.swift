public import Vocabulary

/// How long a session lasts: from its beginning at most, and from its last use.
public struct SessionLifetime: Hashable, Sendable {
    public let absoluteSeconds: Int64
    public let idleSeconds: Int64

    public init(absoluteSeconds: Int64, idleSeconds: Int64) {
        self.absoluteSeconds = absoluteSeconds
        self.idleSeconds = idleSeconds
    }

    /// A client's refresh tokens: 30 days, 7 days idle.
    public static let refresh = SessionLifetime(absoluteSeconds: 30 * 86_400, idleSeconds: 7 * 86_400)

    /// A browser's session, in cookies: 12 hours, 2 hours idle.
    public static let browser = SessionLifetime(absoluteSeconds: 12 * 3_600, idleSeconds: 2 * 3_600)

    /// How long an access token lasts.
    public static let accessSeconds: Int64 = 600

    /// The instant from which the session is over.
    public func expiry(startedAt: Instant, lastUsedAt: Instant) -> Instant {
        min(startedAt.advanced(bySeconds: self.absoluteSeconds), lastUsedAt.advanced(bySeconds: self.idleSeconds))
    }
}
