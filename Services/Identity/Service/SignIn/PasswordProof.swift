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
        // The right password first: whoever does not know it does not learn whether there is more to know.
        var assurance: Authentication.Assurance?
        if isRight, let user, user.isActive {
            assurance = try await self.parts.secondFactors.assurance(by: code, of: user.id, at: context.wallTime)
        }
        guard let user, let assurance else {
            try await SignInFailures(crossTenant: self.parts.crossTenant).note(of: user?.id, context)
            return nil
        }
        return Proved(user: user, assurance: assurance)
    }
}
