internal import Contracts
internal import IdentityDomain
internal import Mail
internal import Postgres
internal import Resources
internal import Vocabulary

/// Has a link for a new password sent.
struct RequestPasswordReset: Operation {
    static let declaration = OperationDeclaration(
        "identity.password_reset.request",
        .post("/v1/password-resets"),
        access: .open,
        "Ask for a link to set a new password."
    )
    .described(
        """
        The answer says nothing of whether the address is anybody's; a mail goes to it if it is. At most \
        \(Throttle.mailsToAccountMax) go to an address in a quarter of an hour.
        """
    )
    .notRehearsed()
    .body([.email("email").required().example("ada@example.com")])
    .answersNothing()
    .faults(.validationFailed, .unavailable)

    let email: String

    init(_ input: Values) throws(Fault) { self.email = try input.text("email") }
}

/// Sets a new password by such a link.
struct CompletePasswordReset: Operation {
    static let declaration = OperationDeclaration(
        "identity.password_reset.complete",
        .post("/v1/password-resets/complete"),
        access: .open,
        "Set a new password by a link from a mail."
    )
    .described(
        """
        `token` is what stands behind the `#` of the link. It is good once, for \(PasswordReset.lifetimeSeconds / 60) minutes. All your \
        sessions end; sign in with the new password then.
        """
    )
    .notRehearsed()
    .body([
        .text("token", max: 256).required().redacted(.token),
        .text("password", max: PasswordRule.bytesMax, .password).required()
            .described("12 to 128 bytes, and none that attackers try first."),
    ])
    .answersNothing()
    .faults(.validationFailed, .gone, .unavailable)
    .emits("user.password_changed", "session.ended")

    let token: String
    let password: String

    init(_ input: Values) throws(Fault) {
        self.token = try input.text("token")
        self.password = try input.text("password")
    }
}

/// Serves resets. Who asks is answered before anybody has looked whether the address is known; ``send(at:)`` does so a moment later.
struct PasswordResets: Sendable {
    let parts: IdentityParts

    /// How often requests are looked for, and how many are answered in one transaction.
    static let sendingInterval: Duration = .milliseconds(500)
    private static let sentMax: Int64 = 50

    static let gone = Fault(.gone, "This link was used, has expired or never was. Ask for another one.")

    func register(in router: inout Router) {
        router.serve(RequestPasswordReset.self) { request, context in try await self.request(request, context) }
        router.serve(CompletePasswordReset.self) { request, context in try await self.complete(request, context) }
    }

    private func request(_ request: RequestPasswordReset, _ context: CallContext) async throws -> Reply {
        let email = try EmailAddress(request.email)
        // What follows is the same for every address, up to the row that is written.
        guard try await self.parts.throttle.admitsMail(to: email, context) else { return .nothing }
        try await self.parts.crossTenant.change { transaction in
            try transaction.queue(
                "INSERT INTO password_reset_request (id, email, requested_at) VALUES ($1, $2, $3)",
                [.uuid(Identifier.next(at: context.wallTime)), .text(email.description), .instant(context.wallTime)]
            )
        }
        return .nothing
    }

    // MARK: - Sending

    /// Writes the mails that were asked for to those who are known here; answers how many.
    @discardableResult
    func send(at now: Instant) async throws -> Int {
        try await self.parts.crossTenant.change { transaction in
            let requests = try transaction.query(
                """
                DELETE FROM password_reset_request WHERE id IN
                    (SELECT id FROM password_reset_request ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
                RETURNING email
                """,
                [.int(Self.sentMax)]
            )
            var sentCount = 0
            for email in Set(try requests.map { try $0.text("email") }).sorted() {
                if try self.send(to: email, at: now, in: transaction) { sentCount += 1 }
            }
            return sentCount
        }
    }

    private func send(to email: String, at now: Instant, in transaction: borrowing Transaction) throws -> Bool {
        let users = try transaction.query(
            "SELECT id, name FROM app_user WHERE email = $1 AND status = 'active'",
            [.text(email)]
        )
        guard let user = users.first else { return false }
        let token = Token.make(.passwordReset, self.parts.random)
        let reset = PasswordReset(requestedAt: now)
        try transaction.queue(
            "INSERT INTO password_reset (token_sha256, user_id, expires_at, created_at) VALUES ($1, $2, $3, $4)",
            [.bytes(token.sha256), .uuid(try user.uuid("id")), .instant(reset.expiresAt), .instant(now)]
        )
        try SecurityEvents.observe(
            .resetRequested,
            at: try user.uuid("id"),
            from: nil,
            at: now,
            in: transaction
        )
        let mail = self.parts.mails.passwordReset(
            to: try EmailAddress(email),
            name: try user.text("name"),
            token,
            expiresAt: reset.expiresAt
        )
        try self.parts.mails.tasks.queue(mail, for: nil, at: now, in: transaction)
        return true
    }

    // MARK: - Spending

    private func complete(_ request: CompletePasswordReset, _ context: CallContext) async throws -> Reply {
        guard let token = Token(request.token), token.kind == .passwordReset,
            let user = try await self.parts.crossTenant.user(resettingBy: token, at: context.wallTime)
        else { throw Self.gone }
        try PasswordRule.require(request.password, of: user)
        let password = try await self.parts.hasher.hash(request.password)
        let email = try EmailAddress(user.email)
        try await self.parts.crossTenant.visit { visits in
            // The person first: of two links of theirs that are used at once, the second finds itself spent.
            try visits.system.query("SELECT FROM app_user WHERE id = $1 FOR UPDATE", [.uuid(user.id)])
            let spent = try visits.system.query(
                "UPDATE password_reset SET used_at = $2 WHERE token_sha256 = $1 AND used_at IS NULL AND expires_at > $2",
                [.bytes(token.sha256), .instant(context.wallTime)]
            ).affected
            guard spent == 1 else { throw Self.gone }
            // Whoever forgot their password has tried others: the new one need not wait for those.
            try self.parts.throttle.forgive(email, context.remoteAddress, in: visits.system)
            try NewPasswords(parts: self.parts).set(
                password,
                of: user,
                .reset,
                replacing: nil,
                keeping: nil,
                context,
                in: visits
            )
        }
        return .nothing
    }
}
