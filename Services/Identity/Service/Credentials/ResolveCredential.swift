internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Vocabulary

/// Tells a gateway whose a token is, and no other process: the services get assertions. One indexed lookup by its digest;
/// nothing of the token is kept or logged.
struct ResolveCredential: Operation {
    static let declaration = OperationDeclaration(
        "identity.credential.resolve",
        nil,
        access: .process("gateway"),
        "Whose a session token or an API key is."
    )
    .body([.text("token", max: 256).required().redacted(.token)])
    .answers(
        .object(
            "Credential",
            [
                .identifier("organization_id"), .identifier("subject"), .choice("kind", ["member", "api_key"]),
                .choice("role", Role.self),
                .list("scopes", of: .text(TextRule(lengthMax: 40)), countMax: Scope.all.count).nullable(),
                .identifier("session_id").nullable(), .identifier("member_id").nullable(), .text("time_zone", max: 64),
                .currency(), .integer("member_version", 1...Int64.max), .instant("expires_at").nullable(),
                .instant("authenticated_at").nullable()
                    .described("When the person last proved who they are by all that is asked of them."),
                .integer("ahead_seconds", SandboxClockLimits.totalSeconds)
                    .described("How far the organization's clock is ahead, where it is a sandbox."),
            ]
        )
    )
    .faults(.unauthenticated)

    let token: String

    init(_ input: Values) throws(Fault) { self.token = try input.text("token") }
}

/// Serves the gateway.
struct Credentials: Sendable {
    let parts: IdentityParts

    private static let refusal = Fault(.unauthenticated, "This credential is unknown, has expired or was revoked.")

    func register(in router: inout Router) {
        router.serve(ResolveCredential.self) { request, context in
            guard let token = Token(request.token) else { throw Self.refusal }
            switch token.kind {
            case .access: return try await self.session(token, at: context.now)
            case .apiKey: return try await self.apiKey(token, context)
            case .refresh, .passwordReset, .invitation, .device: throw Self.refusal
            }
        }
        RevocationStream.register(self.parts.revocations, in: &router)
    }

    private func session(_ token: Token, at now: Instant) async throws -> Reply {
        guard let row = try await self.parts.crossTenant.session(token, at: now) else { throw Self.refusal }
        let organization = try row.uuid("organization_id")
        let session = try row.uuid("session_id")
        self.parts.lastUses.note(
            .session,
            session,
            of: organization,
            lastAt: try row.instantOrNil("last_used_at"),
            at: now.advanced(bySeconds: try row.int("clock_ahead_seconds"))
        )
        return try self.reply(
            row,
            kind: "member",
            subject: try row.uuid("user_id"),
            role: try row.text("role"),
            scopes: nil,
            session: session,
            authenticatedAt: try row.instantOrNil("authenticated_at")
        )
    }

    private func apiKey(_ token: Token, _ context: CallContext) async throws -> Reply {
        guard let row = try await self.parts.crossTenant.apiKey(token, at: context.now) else { throw Self.refusal }
        let id = try row.uuid("id")
        let organization = try row.uuid("organization_id")
        let now = context.now.advanced(bySeconds: try row.int("clock_ahead_seconds"))
        self.parts.lastUses.note(.apiKey, id, of: organization, lastAt: try row.instantOrNil("last_used_at"), at: now)
        self.parts.keyNetworks.note(id, of: organization, from: context.remoteAddress)
        let makerRole = Role(rawValue: try row.text("role")) ?? .viewer
        let given = try JSON(parsing: try row.bytes("scopes")).array ?? []
        let scopes = Scope.effective(Set(given.compactMap { $0.string.flatMap(Scope.init) }), makerRole: makerRole)
        return try self.reply(
            row,
            kind: "api_key",
            subject: id,
            role: APIKeys.role(ofKeyMadeBy: makerRole).rawValue,
            scopes: scopes.sorted().map(\.description),
            session: nil,
            authenticatedAt: nil
        )
    }

    private func reply(
        _ row: Row,
        kind: String,
        subject: Identifier,
        role: String,
        scopes: [String]?,
        session: Identifier?,
        authenticatedAt: Instant?
    ) throws -> Reply {
        let json: JSON = [
            "organization_id": .string(try row.uuid("organization_id").description),
            "subject": .string(subject.description),
            "kind": .string(kind),
            "role": .string(role),
            "scopes": scopes.map { .array($0.map(JSON.string)) } ?? .null,
            "session_id": session.map { .string($0.description) } ?? .null,
            "member_id": .string(try row.uuid("member_id").description),
            "time_zone": .string(try row.text("time_zone")),
            "currency": .string(try row.text("currency")),
            "ahead_seconds": .int(try row.int("clock_ahead_seconds")),
            "member_version": .int(try row.int("member_version")),
            "authenticated_at": authenticatedAt.map { .string($0.description) } ?? .null,
            "expires_at": try row.instantOrNil("expires_at").map { .string($0.description) } ?? .null,
        ]
        return Reply(body: json.bytes)
    }
}
