internal import Contracts
internal import Vocabulary
internal import Wire

/// Makes the assertions by which the gateway vouches for callers.
struct AssertionMint: Sendable {
    /// As long as verifiers allow.
    static let lifetimeSeconds = Assertion.lifetimeSecondsMax
    /// Half of that: whatever is sent with a reused assertion still has the other half to arrive and be passed on.
    static let reuseSecondsMax: Int64 = 30
    static let issuer = "gateway"

    private let signer: AssertionSigner

    init(_ signer: AssertionSigner) { self.signer = signer }

    func assertion(of identity: ResolvedCredential.Identity, for audience: [String], now: Instant) -> String {
        let caller = identity.caller
        return self.signer.sign(
            Assertion(
                issuer: Self.issuer,
                audience: audience,
                subject: caller.subject,
                organization: caller.organization,
                kind: caller.kind.rawValue,
                role: caller.role,
                scopes: caller.scopes,
                session: caller.session,
                authenticatedAt: caller.authenticatedAt,
                timeZone: caller.zone.identifier,
                currency: caller.currency.code,
                aheadSeconds: caller.aheadSeconds == 0 ? nil : caller.aheadSeconds,
                memberVersion: identity.memberVersion,
                issuedAt: now,
                expiresAt: now.advanced(bySeconds: Self.lifetimeSeconds)
            )
        )
    }
}
