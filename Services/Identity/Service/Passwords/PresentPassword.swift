internal import Contracts
internal import IdentityDomain
internal import Vocabulary

/// Asks somebody who is signed in for their password once more, before what an open session alone must not do.
struct PresentPassword: Sendable {
    let parts: IdentityParts

    /// The person and the stored hash, if this is its password. Who sits before somebody else's open session gets no more tries than who
    /// signs in; what is wrong is the password at `pointer`, while the session is as good as before.
    func verify(
        _ password: String,
        of subject: Identifier,
        at pointer: String,
        _ context: CallContext
    ) async throws -> (user: CrossTenant.User, hash: PasswordHash) {
        guard let user = try await self.parts.crossTenant.user(subject), user.isActive else { throw Throttle.refusal }
        let wrong = Fault.invalid(pointer, "wrong", "This is not your present password.")
        return try await self.parts.throttle.attempt(try EmailAddress(user.email), context, refusing: wrong) {
            guard let hash = user.password else { return nil }
            return try await self.parts.hasher.verify(password, hash) ? (user, hash) : nil
        }
    }

    /// What the caller has proved by their password, and by a code where they have a second factor. Which of the two is wrong is not said,
    /// as with a sign-in.
    func verify(
        _ password: String,
        _ code: String?,
        _ context: CallContext
    ) async throws -> Proved {
        let subject = try context.caller().subject
        guard let user = try await self.parts.crossTenant.user(subject), user.isActive else { throw Throttle.refusal }
        let wrong = Fault.invalid(
            "/password",
            "wrong",
            "This is not your present password, or not the code that goes with it."
        )
        do {
            return try await self.parts.throttle.attempt(try EmailAddress(user.email), context, refusing: wrong) {
                try await PasswordProof(parts: self.parts).given(by: user, password, code, context)
            }
        } catch let fault as Fault where fault == SecondFactors.required {
            throw Fault.invalid(fault.problems)
        }
    }
}
