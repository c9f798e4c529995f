public import Vocabulary

/// An API key gets another secret, and the one before goes on working for a while: so that the programs which have it can be given
/// the new one after another, without a gap.
public struct KeyRotation: Hashable, Sendable {
    /// A working day, and the night before it.
    public static let overlapSecondsDefault: Int64 = 24 * 3_600
    /// A week of releases. Whoever needs longer has forgotten about it.
    public static let overlapSecondsMax: Int64 = 7 * 86_400

    /// Until when the secret before works; `nil`: no longer.
    public let formerUntil: Instant?

    /// Throws for a key that has ended, since another secret would not make it work.
    public init(
        at now: Instant,
        overlapSeconds: Int64,
        revokedAt: Instant?,
        expiresAt: Instant?
    ) throws(Rejection) {
        guard revokedAt == nil else {
            throw .transition("The API key", from: "revoked", to: "rotated", allowed: [])
        }
        if let expiresAt, expiresAt <= now {
            throw .conflict("api_key_expired", "This key expired at \(expiresAt). Make another one.")
        }
        guard overlapSeconds > 0 else {
            self.formerUntil = nil
            return
        }
        let end = now.advanced(bySeconds: overlapSeconds)
        // No secret outlives its key.
        self.formerUntil = expiresAt.map { min($0, end) } ?? end
    }
}
