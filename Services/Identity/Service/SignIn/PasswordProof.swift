internal import Contracts

/// Whether somebody is who they say they are, by all that is asked of them: the password and, where they have one, a second factor.
/// The same wherever a password lets somebody in; called within ``Throttle/attempt(_:_:refusing:_:)``.
struct PasswordProof: Sendable {
    let parts: IdentityParts

    /// `user`, where all of it is right. What is wrong goes into their history.
    func person(
        _ user: CrossTenant.User?,
        by password: String,
        _ code: String?,
        _ context: CallContext
    ) async throws -> CrossTenant.User? {
        // In this order: what an unknown address costs must not differ from what a wrong password costs.
        let isRight = try await self.parts.hasher.verify(password, user?.password)
        guard let user else { return nil }
        // The right password first: whoever does not know it does not learn whether there is more to know.
        let isProved =
            isRight && user.isActive
            ? try await self.parts.secondFactors.isProved(by: code, of: user.id, at: context.now) : false
        guard isProved else {
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
        return user
    }
}
