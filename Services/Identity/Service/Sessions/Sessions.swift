internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Begins and ends sessions, and makes their tokens. Of a token only its SHA-256 is ever stored.
struct Sessions: Sendable {
    let store = ResourceStore(.session)
    let lifetimes: SessionLifetimes
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
        case secondFactorReset = "second_factor_reset"
        /// Others took its place.
        case displaced
    }

    /// What a session begins by.
    enum Beginning: Sendable {
        /// A password, just verified, with the time at which it was set, and what was proved by all that was asked for.
        case password(setAt: Instant?, Authentication.Assurance)
        /// Another session of the same person, which goes on in another place.
        case session(Authentication, passwordSetAt: Instant?)
    }

    /// Live sessions of a member: whoever signs in once more loses the one that was refreshed longest ago.
    static let liveMax: Int64 = 100

    static let events: [EventDeclaration] = {
        let data: [Field] = [.object("data", Resource.session.told)]
        return [
            EventDeclaration("session.started", .created, "Somebody signed in.", fields: data),
            EventDeclaration("session.ended", .statusChanged, "A session was ended.", fields: data),
            EventDeclaration(
                "session.authenticated",
                .updated,
                "Somebody proved once more who they are.",
                fields: data
            ),
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
        let authenticated = try Self.authentication(of: user, by: beginning, at: context.now, in: transaction)
        let displaced = try self.displace(of: member.id, because: cause, in: transaction)
        let family = RefreshFamilyStateMachine(
            startedAt: authenticated.at,
            rotatedAt: context.now,
            lifetime: self.lifetimes.of(context.delivery),
            accessSeconds: self.accessSeconds
        )
        let stored = try self.store.insert(
            Values([
                "user_id": .identifier(user),
                "member_id": .identifier(member.id),
                "authenticated_at": .instant(authenticated.at),
                "aal": .integer(authenticated.assurance.rawValue),
                "generation": .integer(family.generation),
                "rotated_at": .instant(family.rotatedAt),
                "expires_at": .instant(family.expiresAt),
                "remote_address": context.remoteAddress.map(Value.text) ?? .null,
                "user_agent": Device.kept(context.userAgent).map(Value.text) ?? .null,
                "is_in_cookies": .boolean(context.delivery.isCookies),
            ]),
            for: organization,
            at: context.now,
            in: transaction
        )
        let grant = self.grant(
            stored.id,
            accessExpiresAt: family.accessExpiry(at: context.now),
            refreshExpiresAt: family.expiresAt,
            endsAt: family.endsAt
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

    /// Goes on with a session that is locked, on a new proof of who its person is. Its tokens become others, as with a sign-in: whoever
    /// has had the old ones has them no more.
    func renew(
        _ session: Stored,
        by proved: Proved,
        of organization: Identifier,
        _ context: CallContext,
        in transaction: borrowing Transaction
    ) throws -> (Stored, SessionGrant) {
        let authenticated = try Self.authentication(
            of: proved.user.id,
            by: proved.beginning,
            at: context.now,
            in: transaction
        )
        let family = RefreshFamilyStateMachine(
            startedAt: authenticated.at,
            generation: try session.row.int("generation") + 1,
            lifetime: self.lifetimes.of(context.delivery),
            accessSeconds: self.accessSeconds
        )
        let after = try self.store.update(
            session,
            Values([
                "authenticated_at": .instant(authenticated.at), "aal": .integer(authenticated.assurance.rawValue),
                "generation": .integer(family.generation), "rotated_at": .instant(family.rotatedAt),
                "expires_at": .instant(family.expiresAt),
                "is_in_cookies": .boolean(context.delivery.isCookies),
            ]),
            for: organization,
            at: authenticated.at,
            in: transaction
        )
        try self.forgetTokens(of: session.id, organization, in: transaction)
        let grant = self.grant(
            session.id,
            accessExpiresAt: family.accessExpiry(at: authenticated.at),
            refreshExpiresAt: family.expiresAt,
            endsAt: family.endsAt
        )
        try self.insert(
            grant,
            generation: family.generation,
            of: organization,
            at: authenticated.at,
            in: transaction
        )
        return (after, grant)
    }

    /// A code of the second factor was given in this session.
    func raise(
        _ session: Identifier,
        of organization: Identifier,
        at now: Instant,
        in visits: borrowing Visits
    ) throws {
        try visits.visit(organization) { transaction in
            try transaction.queue(
                "UPDATE session SET aal = 2, updated_at = $3, version = version + 1 WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL",
                [.uuid(organization), .uuid(session), .instant(now)]
            )
        }
    }

    private static func authentication(
        of user: Identifier,
        by beginning: Beginning,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Authentication {
        let password = try transaction.query("SELECT identity_password_set_at($1) AS set_at", [.uuid(user)])[0]
        let setAt = try password.instantOrNil("set_at")
        switch beginning {
        case .password(let verified, let assurance):
            guard setAt == verified else { throw Throttle.refusal }
            return Authentication(at: now, assurance)
        case .session(let earlier, let passwordSetAt):
            // Another password has ended the earlier session too, but perhaps after it was looked at.
            guard setAt == passwordSetAt else { throw Throttle.refusal }
            return earlier
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
        try self.forgetTokens(of: session.id, organization, in: transaction)
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

    private func forgetTokens(
        of session: Identifier,
        _ organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.queue(
            "DELETE FROM session_token WHERE organization_id = $1 AND session_id = $2",
            [.uuid(organization), .uuid(session)]
        )
        try self.revocations.revoke(of: organization, session: session, in: transaction)
    }

    func grant(
        _ session: Identifier,
        accessExpiresAt: Instant,
        refreshExpiresAt: Instant,
        endsAt: Instant
    ) -> SessionGrant {
        SessionGrant(
            session: session,
            access: Token.make(.access, self.random),
            refresh: Token.make(.refresh, self.random),
            accessExpiresAt: accessExpiresAt,
            refreshExpiresAt: refreshExpiresAt,
            endsAt: endsAt
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

/// How long sessions last: a browser may be anybody's after an hour, and a program keeps its tokens to itself.
struct SessionLifetimes: Hashable, Sendable {
    let program: SessionLifetime
    let browser: SessionLifetime

    func of(_ delivery: SessionDelivery) -> SessionLifetime { delivery.isCookies ? self.browser : self.program }
}

extension Authentication {
    /// What a session rests on.
    init(_ session: Stored) throws {
        let aal = try session.row.int("aal")
        guard let assurance = Assurance(rawValue: aal) else {
            throw Fault(.internalError, "a session has the aal \(aal)")
        }
        self.init(at: try session.row.instant("authenticated_at"), assurance)
    }
}
