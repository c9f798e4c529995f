internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Begins and ends sessions, and makes their tokens. Of a token only its SHA-256 is ever stored.
struct Sessions: Sendable {
    let store = ResourceStore(.session)
    let lifetime: SessionLifetime
    let accessSeconds: Int64
    let revocations: Revocations
    let random: RandomBytes

    enum End: String, Sendable {
        case signedOut = "signed_out"
        case ended
        case switched
        case refreshReused = "refresh_reused"
        case memberRemoved = "member_removed"
        case memberDeactivated = "member_deactivated"
        case passwordChanged = "password_changed"
        /// Others took its place.
        case displaced
    }

    /// What a session begins by.
    enum Beginning: Sendable {
        /// A password, just verified; with the time at which it was set.
        case password(setAt: Instant?)
        /// Another session of the same person, which goes on in another place.
        case session(authenticatedAt: Instant)
    }

    /// Live sessions of a member: whoever signs in once more loses the one that was refreshed longest ago.
    static let liveMax: Int64 = 100

    static let events: [EventDeclaration] = {
        let data: [Field] = [.object("data", Resource.session.visible)]
        return [
            EventDeclaration("session.started", .created, "Somebody signed in.", fields: data),
            EventDeclaration("session.ended", .statusChanged, "A session was ended.", fields: data),
            EventDeclaration(
                "session.refresh_reused",
                .statusChanged,
                "A refresh token was used a second time, so that one of its users is not who it belongs to; the session was ended.",
                fields: data
            ),
        ]
    }()

    /// Refuses where the password has been changed since it was verified: a session that began by it now would be the one that the
    /// change has not ended. The member is locked, so that a change comes before or after this.
    func begin(
        for member: Stored,
        of user: Identifier,
        by beginning: Beginning,
        _ context: CallContext,
        in transaction: borrowing Transaction
    ) throws -> (events: [EventRecord], grant: SessionGrant) {
        let organization = try context.caller().organization
        let cause = try context.cause()
        let password = try transaction.query("SELECT identity_password_set_at($1) AS set_at", [.uuid(user)])[0]
        let setAt = try password.instantOrNil("set_at")
        let authenticatedAt: Instant
        switch beginning {
        case .password(let verified):
            guard setAt == verified else { throw Throttle.refusal }
            authenticatedAt = context.now
        case .session(let earlier):
            guard setAt.map({ $0 <= earlier }) ?? true else { throw Throttle.refusal }
            authenticatedAt = earlier
        }
        let displaced = try self.displace(of: member.id, because: cause, in: transaction)
        let family = RefreshFamilyStateMachine(
            startedAt: authenticatedAt,
            rotatedAt: context.now,
            lifetime: self.lifetime,
            accessSeconds: self.accessSeconds
        )
        let stored = try self.store.insert(
            Values([
                "user_id": .identifier(user),
                "member_id": .identifier(member.id),
                "authenticated_at": .instant(authenticatedAt),
                "generation": .integer(family.generation),
                "rotated_at": .instant(family.rotatedAt),
                "expires_at": .instant(family.expiresAt),
                "remote_address": context.remoteAddress.map(Value.text) ?? .null,
                "user_agent": Device.kept(context.userAgent).map(Value.text) ?? .null,
            ]),
            for: organization,
            at: context.now,
            in: transaction
        )
        let grant = self.grant(
            stored.id,
            accessExpiresAt: family.accessExpiry(at: context.now),
            refreshExpiresAt: family.expiresAt
        )
        try self.insert(grant, generation: family.generation, of: organization, at: context.now, in: transaction)
        return (displaced + [self.store.event("started", .created, stored, because: cause)], grant)
    }

    /// Makes room for one more.
    private func displace(
        of member: Identifier,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let oldest = try self.store.rows(
            where: """
                id IN (SELECT id FROM session WHERE organization_id = $1 AND member_id = $2 AND ended_at IS NULL
                    AND expires_at > $3 ORDER BY rotated_at DESC, id DESC OFFSET $4)
                AND ended_at IS NULL ORDER BY id FOR UPDATE
                """,
            [.uuid(member), .instant(cause.now), .int(Self.liveMax - 1)],
            for: cause.organization,
            in: transaction
        )
        return try oldest.map { session in
            let ended = try self.end(
                session,
                because: .displaced,
                of: cause.organization,
                at: cause.now,
                in: transaction
            )
            return self.store.event("ended", .statusChanged, ended, because: cause)
        }
    }

    /// Ends a session that is locked: its tokens are gone with the same commit, and gateways are told.
    func end(
        _ session: Stored,
        because end: End,
        of organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Stored {
        let after = try self.store.update(
            session,
            Values(["ended_at": .instant(now), "ended_because": .text(end.rawValue)]),
            for: organization,
            at: now,
            in: transaction
        )
        try transaction.queue(
            "DELETE FROM session_token WHERE organization_id = $1 AND session_id = $2",
            [.uuid(organization), .uuid(session.id)]
        )
        try self.revocations.revoke(
            Revocation(organization: organization, session: session.id, at: now),
            in: transaction
        )
        return after
    }

    /// Ends every live session that a member has here, but for one: at most ``liveMax``.
    func endAll(
        of member: Identifier,
        except kept: Identifier? = nil,
        because end: End,
        of organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> [Stored] {
        let live = try self.store.rows(
            where: """
                member_id = $2 AND ended_at IS NULL AND expires_at > $4 AND ($3::uuid IS NULL OR id <> $3)
                ORDER BY id FOR UPDATE
                """,
            [.uuid(member), kept.map(SQLValue.uuid) ?? .null, .instant(now)],
            for: organization,
            in: transaction
        )
        return try live.map { try self.end($0, because: end, of: organization, at: now, in: transaction) }
    }

    // MARK: - Tokens

    func grant(_ session: Identifier, accessExpiresAt: Instant, refreshExpiresAt: Instant) -> SessionGrant {
        SessionGrant(
            session: session,
            access: Token.make(.access, self.random),
            refresh: Token.make(.refresh, self.random),
            accessExpiresAt: accessExpiresAt,
            refreshExpiresAt: refreshExpiresAt
        )
    }

    func insert(
        _ grant: SessionGrant,
        generation: Int64,
        of organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        for (token, kind, expiresAt) in [
            (grant.access, "access", grant.accessExpiresAt), (grant.refresh, "refresh", grant.refreshExpiresAt),
        ] {
            try transaction.queue(
                """
                INSERT INTO session_token (token_sha256, organization_id, session_id, kind, generation, expires_at, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)
                """,
                [
                    .bytes(token.sha256), .uuid(organization), .uuid(grant.session), .text(kind), .int(generation),
                    .instant(expiresAt), .instant(now),
                ]
            )
        }
    }
}
