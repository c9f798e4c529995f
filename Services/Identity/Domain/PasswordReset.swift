public import Vocabulary

/// A link by which somebody who has their mail, and not their password, sets another one. It is good once, and not for long.
public struct PasswordReset: Hashable, Sendable {
    public let expiresAt: Instant

    /// Long enough for a mail that takes a while, too short to be found in an old mailbox.
    public static let lifetimeSeconds: Int64 = 30 * 60

    public init(requestedAt: Instant) { self.expiresAt = requestedAt.advanced(bySeconds: Self.lifetimeSeconds) }
}
