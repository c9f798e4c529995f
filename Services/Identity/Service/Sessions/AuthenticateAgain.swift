internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Proves once more who one is, in the session of this very request.
struct AuthenticateAgain: Operation {
    static let declaration = OperationDeclaration(
        "identity.session.authenticate",
        .post("/v1/sessions/current/authenticate"),
        access: .person,
        "Prove once more who you are."
    )
    .described(
        """
        Sensitive operations want this, or the sign-in, to be a short while ago (`step_up_required`). Asks for your password, and for a \
        code where you have a second factor. Answers new tokens for the same session; the ones before stop working at once.
        """
    )
    .notRehearsed()
    .session(.begins)
    .body([.text("password", max: PasswordRule.bytesMax, .password).required(), SecondFactors.field])
    .answers(.object("Refreshed", [.object("session", SessionGrant.fields)]))
    .faults(.notFound, .validationFailed, .unavailable)
    .emits("session.authenticated")

    let password: String
    let code: String?

    init(_ input: Values) throws(Fault) {
        self.password = try input.text("password")
        self.code = input.optionalText("code")
    }
}

/// Serves it: the proof first, then everything else in one transaction.
struct AuthenticationsAgain: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(AuthenticateAgain.self) { request, context in
            let id = try SessionOperations.current(try context.caller())
            let proved = try await PresentPassword(parts: self.parts).verify(request.password, request.code, context)
            return try await self.renew(id, by: proved, context)
        }
    }

    private func renew(_ id: Identifier, by proved: Proved, _ context: CallContext) async throws -> Reply {
        let organization = try context.caller().organization
        let cause = try context.cause()
        let sessions = self.parts.sessions
        return try await self.parts.persistence.commands.run(AuthenticateAgain.declaration, context) { transaction in
            let session = try sessions.store.lock(id, for: organization, in: transaction)
            guard try session.row.instantOrNil("ended_at") == nil else { throw Refreshes.refusal }
            let (after, grant) = try sessions.renew(
                session,
                by: proved,
                of: organization,
                context,
                in: transaction
            )
            return Outcome(
                try grant.refreshed(context),
                events: [sessions.store.event("authenticated", .updated, after, because: cause)]
            )
        }
    }
}
