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
    .stepUp()
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

    func register(in router: inout Router) {
        router.serve(ChangePassword.self) { request, context in try await self.change(request, context) }
        router.publishes(NewPasswords.events)
    }

    private func change(_ request: ChangePassword, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let (user, old) = try await PresentPassword(parts: self.parts).verify(
            request.currentPassword,
            of: caller.subject,
            at: "/current_password",
            context
        )
        try PasswordRule.require(request.password, of: user)
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
