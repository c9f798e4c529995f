internal import Contracts
internal import IdentityDomain

/// Somebody who has just proved who they are, and how far.
struct Proved: Sendable {
    let user: CrossTenant.User
    let assurance: Authentication.Assurance

    var beginning: Sessions.Beginning { .password(setAt: self.user.passwordSetAt, self.assurance) }
}

/// Whether somebody is who they say they are, by all that is asked of them: the password and, where they have one, a second factor.
/// The same wherever a password lets somebody in; called within ``Throttle/attempt(_:_:refusing:_:)``.
struct PasswordProof: Sendable {
    let parts: IdentityParts

    /// `nil` where something is wrong, which goes into the person's history.
    func given(
        by user: CrossTenant.User?,
        _ password: String,
        _ code: String?,
        _ context: CallContext
    ) async throws -> Proved? {
        // In this order: what an unknown address costs must not differ from what a wrong password costs.
        let isRight = try await self.parts.hasher.verify(password, user?.password)
        guard let user else { return nil }
        // The right password first: whoever does not know it does not learn whether there is more to know.
        let assurance =
            isRight && user.isActive
            ? try await self.parts.secondFactors.assurance(by: code, of: user.id, at: context.now) : nil
        guard let assurance else {
            try await self.parts.crossTenant.change { transaction in
                try SignInHistory.record(.wrongPassword, of: user.id, context, in: transaction)
                try SecurityEvents.observe(
                    .refused,
                    at: user.id,
                    from: context.remoteAddress,
                    at: context.now,
                    in: transaction
                )
            }
            return nil
        }
        return Proved(user: user, assurance: assurance)
    }
}
