internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Spends a refresh token for a new pair.
struct RefreshSession: Operation {
    static let declaration = OperationDeclaration(
        "identity.session.refresh",
        .post("/v1/sessions/refresh"),
        access: .open,
        "Get a new pair of tokens for a refresh token."
    )
    .described(
        """
        A refresh token is good once. Should the answer get lost, the same token gives the same pair for another \
        \(RefreshFamilyStateMachine.graceSeconds) seconds. Any later or other second use ends the session: one of the two users stole the token.
        """
    )
    .notRehearsed()
    .session(.refreshes)
    .body([.text("refresh_token", max: 256).redacted(.token).described("Unless its cookie has it.")])
    .answers(.object("Refreshed", [.object("session", SessionGrant.fields)]))
    .faults(.unauthenticated)
    .emits("session.refresh_reused")

    let token: String?

    init(_ input: Values) throws(Fault) { self.token = input.optionalText("refresh_token") }
}

/// Serves refreshes. The decision is the domain's state machine, under the session's lock; a reuse must be stored, so the
/// transaction commits and the refusal comes after it.
struct Refreshes: Sendable {
    let parts: IdentityParts

    static let refusal = Fault(
        .unauthenticated,
        "This refresh token is unknown, has expired or was used. Sign in again."
    )

    func register(in router: inout Router) {
        router.serve(RefreshSession.self) { request, context in
            guard let token = Self.presented(request, context).flatMap(Token.init(_:)), token.kind == .refresh,
                let owner = try await self.parts.crossTenant.organization(ofRefresh: token)
            else { throw Self.refusal }
            // Nobody is the caller yet, so the context is at the machines' time.
            var inside = context
            inside.now = context.wallTime.advanced(bySeconds: owner.aheadSeconds)
            guard let grant = try await self.grant(for: token, owner.session, of: owner.organization, inside) else {
                throw Self.refusal
            }
            return try grant.refreshed(inside)
        }
    }

    /// A browser's token is taken from its cookie only, and a program's from the body only: neither passes for the other's.
    private static func presented(_ request: RefreshSession, _ context: CallContext) -> String? {
        switch context.delivery {
        case .body: request.token
        case .cookies(let refreshToken, _): refreshToken
        }
    }

    private func grant(
        for token: Token,
        _ id: Identifier,
        of organization: Identifier,
        _ context: CallContext
    ) async throws -> SessionGrant? {
        let sessions = self.parts.sessions
        return try await self.parts.persistence.database.transaction(
            .organization(organization),
            deadline: context.deadline
        ) { transaction -> SessionGrant? in
            let session = try sessions.store.lock(id, for: organization, in: transaction)
            guard let presented = try self.presented(token, of: organization, in: transaction),
                try session.row.bool("is_in_cookies") == context.delivery.isCookies
            else { return nil }
            var family = RefreshFamilyStateMachine(
                startedAt: try session.row.instant("authenticated_at"),
                generation: try session.row.int("generation"),
                rotatedAt: try session.row.instant("rotated_at"),
                revokedAt: try session.row.instantOrNil("ended_at"),
                lifetime: sessions.lifetimes.of(context.delivery),
                accessSeconds: sessions.accessSeconds
            )
            switch family.present(generation: try presented.int("generation"), at: context.now) {
            case .rotate(let generation, let accessExpiresAt, let refreshExpiresAt):
                let grant = sessions.grant(
                    id,
                    accessExpiresAt: accessExpiresAt,
                    refreshExpiresAt: refreshExpiresAt,
                    endsAt: family.endsAt
                )
                try sessions.insert(grant, generation: generation, of: organization, at: context.now, in: transaction)
                _ = try sessions.store.update(
                    session,
                    Values([
                        "generation": .integer(generation), "rotated_at": .instant(context.now),
                        "expires_at": .instant(refreshExpiresAt),
                    ]),
                    for: organization,
                    at: context.now,
                    in: transaction
                )
                try transaction.queue(
                    "UPDATE session_token SET used_at = $2, successor_sealed = $3 WHERE token_sha256 = $1 AND organization_id = $4",
                    [
                        .bytes(token.sha256), .instant(context.now), .bytes(try token.seal(grant.json.bytes)),
                        .uuid(organization),
                    ]
                )
                return grant
            case .returnSuccessor:
                return try SessionGrant(
                    id,
                    parsing: try token.open(try presented.binary("successor_sealed")),
                    endsAt: family.endsAt
                )
            case .revokeFamily:
                try self.revoke(session, of: organization, context, in: transaction)
                return nil
            case .refuse:
                return nil
            }
        }
    }

    /// The token's row, if it is still there under the session's lock and its owner may still sign in here.
    private func presented(
        _ token: Token,
        of organization: Identifier,
        in transaction: borrowing Transaction
    ) throws(SQLFault) -> Row? {
        try transaction.query(
            """
            SELECT t.generation, t.successor_sealed FROM session_token t
            JOIN session s ON s.organization_id = t.organization_id AND s.id = t.session_id
            JOIN organization_member m ON m.organization_id = s.organization_id AND m.id = s.member_id
                AND m.deleted_at IS NULL AND m.status = 'active'
            WHERE t.token_sha256 = $1 AND t.organization_id = $2 AND t.kind = 'refresh'
            """,
            [.bytes(token.sha256), .uuid(organization)]
        ).first
    }

    private func revoke(
        _ session: Stored,
        of organization: Identifier,
        _ context: CallContext,
        in transaction: borrowing Transaction
    ) throws {
        let ended = try self.parts.sessions.end(
            session,
            because: .refreshReused,
            of: organization,
            at: context.now,
            in: transaction
        )
        let cause = Cause(
            actor: Actor(kind: .member, id: try session.row.uuid("user_id")),
            organization: organization,
            causation: context.requestID,
            correlation: context.requestID,
            now: context.now
        )
        try self.parts.persistence.log.append(
            [self.parts.sessions.store.event("refresh_reused", .statusChanged, ended, because: cause)],
            in: transaction
        )
    }
}
