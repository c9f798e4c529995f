internal import Contracts
internal import IdentityDomain
internal import Resources
internal import Vocabulary

/// Replaces one's own password.
struct ChangePassword: Operation {
    static let declaration = OperationDeclaration(
        "identity.password.change",
        .post("/v1/me/change-password"),
        access: .person,
        "Change your password."
    )
    .described(
        """
        Asks for the present one, so that a session that was left open is not enough. All your other sessions end, in every \
        organization. Wrong attempts count as wrong sign-ins do.
        """
    )
    .notRehearsed()
    .body([
        .text("current_password", max: PasswordRule.bytesMax, .password).required(),
        .text("password", max: PasswordRule.bytesMax, .password).required()
            .described("12 to 128 bytes, and none that attackers try first."),
    ])
    .answersNothing()
    .faults(.validationFailed, .conflict, .unavailable)
    .emits("user.password_changed", "session.ended")

    let currentPassword: String
    let password: String

    init(_ input: Values) throws(Fault) {
        self.currentPassword = try input.text("current_password")
        self.password = try input.text("password")
    }
}

/// Serves changes of one's own password.
struct PasswordChanges: Sendable {
    let parts: IdentityParts

    private static let wrong = Fault.invalid("/current_password", "wrong", "This is not your present password.")

    func register(in router: inout Router) {
        router.serve(ChangePassword.self) { request, context in try await self.change(request, context) }
        router.publishes(NewPasswords.events)
    }

    private func change(_ request: ChangePassword, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        guard let user = try await self.parts.crossTenant.user(caller.subject), user.isActive else {
            throw Throttle.refusal
        }
        try PasswordRule.require(request.password, of: user)
        let old = try await self.verified(user, request.currentPassword, context)
        let new = try await self.parts.hasher.hash(request.password)
        try await self.parts.crossTenant.visit { visits in
            try NewPasswords(parts: self.parts).set(
                new,
                of: user,
                .changed,
                replacing: old,
                keeping: caller.session,
                context,
                in: visits
            )
        }
        return .nothing
    }

    /// The stored hash, if this is its password. Who sits before somebody else's open session gets no more tries than who signs in.
    private func verified(
        _ user: CrossTenant.User,
        _ password: String,
        _ context: CallContext
    ) async throws -> PasswordHash {
        do {
            return try await self.parts.throttle.attempt(try EmailAddress(user.email), context) {
                try await self.parts.hasher.verify(password, user.password) ? user.password : nil
            }
        } catch let fault as Fault where fault == Throttle.refusal {
            // Their session is as good as before: only the password is not.
            throw Self.wrong
        }
    }
}

extension PasswordRule {
    /// Throws unless this person can take the password.
    static func require(_ password: String, of user: CrossTenant.User) throws {
        let email = try EmailAddress(user.email)
        try Self.require(
            password,
            context: [user.name, email.description, email.local],
            isBlocked: CommonPasswords.contains
        )
    }
}
