internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Every statement of this service that looks across organizations, and the only file that may say `.system`.
///
/// Who signs in or presents a token has no organization yet: finding it is what these statements are for. They look rows up by
/// an address, a token's digest or a person's id, never by anything that lists other tenants' rows. Housekeeping is in
/// `CrossTenant+housekeeping.swift`, through ``CrossTenant/change(_:)``.
struct CrossTenant: Sendable {
    private let database: Database

    init(_ database: Database) { self.database = database }

    /// A person as sign-in needs them.
    struct User: Hashable, Sendable {
        let id: Identifier
        let name: String
        let email: String
        let isActive: Bool
        let password: PasswordHash?
        let passwordSetAt: Instant?
    }

    /// A person's place in one organization.
    struct Place: Hashable, Sendable {
        let organization: Identifier
        let organizationName: String
        let member: Identifier
        let role: Role
        let zone: Zone
        let currency: Currency
        let aheadSeconds: Int64

        /// The person as they act here.
        func caller(_ user: Identifier) -> Caller {
            Caller(
                kind: .member,
                subject: user,
                organization: self.organization,
                role: self.role,
                zone: self.zone,
                currency: self.currency,
                aheadSeconds: self.aheadSeconds
            )
        }
    }

    // MARK: - People

    /// What ``user(_:)`` is made of.
    static let userColumns: SQL =
        "SELECT id, name, email, status, password_hash, pepper_kid, password_set_at FROM app_user"

    func user(_ email: EmailAddress) async throws -> User? {
        let rows = try await self.database.read(
            .system,
            Self.userColumns + " WHERE email = $1",
            [.text(email.description)]
        )
        return try rows.first.map(Self.user)
    }

    func user(_ id: Identifier) async throws -> User? {
        let rows = try await self.database.read(
            .system,
            Self.userColumns + " WHERE id = $1",
            [.uuid(id)]
        )
        return try rows.first.map(Self.user)
    }

    /// Whose a live link for a new password is.
    func user(resettingBy token: Token, at now: Instant) async throws -> User? {
        let rows = try await self.database.read(
            .system,
            """
            SELECT u.id, u.name, u.email, u.status, u.password_hash, u.pepper_kid, u.password_set_at
            FROM password_reset r JOIN app_user u ON u.id = r.user_id
            WHERE r.token_sha256 = $1 AND r.used_at IS NULL AND r.expires_at > $2 AND u.status = 'active'
            """,
            [.bytes(token.sha256), .instant(now)]
        )
        return try rows.first.map(Self.user)
    }

    static func user(_ row: Row) throws -> User {
        var password: PasswordHash?
        if let encoded = try row.textOrNil("password_hash"), let kid = try row.textOrNil("pepper_kid") {
            password = PasswordHash(encoded: encoded, pepperKid: kid)
        }
        return User(
            id: try row.uuid("id"),
            name: try row.text("name"),
            email: try row.text("email"),
            isActive: try row.text("status") == "active",
            password: password,
            passwordSetAt: try row.instantOrNil("password_set_at")
        )
    }

    /// Where a person belongs and is let in, the oldest place first.
    func places(of user: Identifier) async throws -> [Place] {
        let rows = try await self.database.read(
            .system,
            """
            SELECT m.organization_id, m.id, m.role, o.name, o.time_zone, o.currency, o.clock_ahead_seconds
            FROM organization_member m JOIN organization o ON o.id = m.organization_id
            WHERE m.user_id = $1 AND m.deleted_at IS NULL AND m.status = 'active' ORDER BY m.created_at, m.id
            """,
            [.uuid(user)]
        )
        return try rows.map { row in
            Place(
                organization: try row.uuid("organization_id"),
                organizationName: try row.text("name"),
                member: try row.uuid("id"),
                role: try Role(stored: try row.text("role")),
                zone: try Zone(stored: try row.text("time_zone")),
                currency: try Currency(stored: try row.text("currency")),
                aheadSeconds: try row.int("clock_ahead_seconds")
            )
        }
    }

    /// Replaces a hash by a dearer one of the same password, unless the password has changed meanwhile.
    func replace(_ old: PasswordHash, by new: PasswordHash, of user: Identifier) async throws {
        try await self.change { transaction in
            try transaction.queue(
                "UPDATE app_user SET password_hash = $3, pepper_kid = $4 WHERE id = $1 AND password_hash = $2",
                [.uuid(user), .text(old.encoded), .text(new.encoded), .text(new.pepperKid)]
            )
        }
    }

    // MARK: - Credentials

    /// What a live access token stands for: one lookup by its digest.
    func session(_ token: Token, at now: Instant) async throws -> Row? {
        try await self.database.read(
            .system,
            """
            SELECT t.organization_id, s.id AS session_id, s.user_id, s.member_id, s.last_used_at, t.expires_at,
                -- A second factor that somebody has by now counts from when they have given it in this session.
                CASE WHEN s.aal = 2 OR f.user_id IS NULL THEN s.authenticated_at END AS authenticated_at,
                m.role, m.version AS member_version, o.time_zone, o.currency, o.clock_ahead_seconds
            FROM session_token t
            JOIN session s ON s.organization_id = t.organization_id AND s.id = t.session_id
            JOIN organization_member m ON m.organization_id = s.organization_id AND m.id = s.member_id
            JOIN organization o ON o.id = s.organization_id
            JOIN app_user u ON u.id = s.user_id
            LEFT JOIN second_factor f ON f.user_id = s.user_id AND f.confirmed_at IS NOT NULL
            WHERE t.token_sha256 = $1 AND t.kind = 'access' AND s.ended_at IS NULL
                AND t.expires_at > $2::timestamptz + o.clock_ahead_seconds * interval '1 second'
                AND m.deleted_at IS NULL AND m.status = 'active' AND u.status = 'active'
            """,
            [.bytes(token.sha256), .instant(now)]
        ).first
    }

    /// What a live API key stands for, with the role that its maker has today; by its secret, or by the one before while that works.
    func apiKey(_ token: Token, at now: Instant) async throws -> Row? {
        try await self.database.read(
            .system,
            """
            SELECT k.organization_id, k.id, k.scopes, k.member_id, k.last_used_at,
                CASE WHEN k.token_sha256 = $1 THEN k.expires_at ELSE k.former_until END AS expires_at,
                m.role, m.version AS member_version, o.time_zone, o.currency, o.clock_ahead_seconds
            FROM api_key k
            JOIN organization_member m ON m.organization_id = k.organization_id AND m.id = k.member_id
            JOIN organization o ON o.id = k.organization_id
            JOIN app_user u ON u.id = m.user_id
            CROSS JOIN LATERAL (SELECT $2::timestamptz + o.clock_ahead_seconds * interval '1 second' AS now) AS c
            WHERE (k.token_sha256 = $1 OR k.former_token_sha256 = $1 AND k.former_until > c.now)
                AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > c.now)
                AND m.deleted_at IS NULL AND m.status = 'active' AND u.status = 'active'
            """,
            [.bytes(token.sha256), .instant(now)]
        ).first
    }

    /// Whose session a refresh token belongs to; everything else is decided under that organization's lock.
    func organization(
        ofRefresh token: Token
    ) async throws -> (organization: Identifier, session: Identifier, aheadSeconds: Int64)? {
        let rows = try await self.database.read(
            .system,
            """
            SELECT t.organization_id, t.session_id, o.clock_ahead_seconds
            FROM session_token t JOIN organization o ON o.id = t.organization_id
            WHERE t.token_sha256 = $1 AND t.kind = 'refresh'
            """,
            [.bytes(token.sha256)]
        )
        guard let row = rows.first else { return nil }
        return (
            try row.uuid("organization_id"), try row.uuid("session_id"), try row.int("clock_ahead_seconds")
        )
    }

    // MARK: - Invitations

    /// An invitation as whoever holds its link needs it.
    struct Invited: Sendable {
        let id: Identifier
        let organization: Identifier
        let organizationName: String
        let email: EmailAddress
        let invitation: Invitation
        let tokenSHA256: String
        let aheadSeconds: Int64
    }

    func invitation(_ token: Token) async throws -> Invited? {
        let rows = try await self.database.read(
            .system,
            """
            SELECT i.id, i.organization_id, i.email, i.role, i.status, i.expires_at, i.token_sha256, o.name,
                o.clock_ahead_seconds
            FROM invitation i JOIN organization o ON o.id = i.organization_id WHERE i.token_sha256 = $1
            """,
            [.bytes(token.sha256)]
        )
        guard let row = rows.first else { return nil }
        return Invited(
            id: try row.uuid("id"),
            organization: try row.uuid("organization_id"),
            organizationName: try row.text("name"),
            email: try EmailAddress(try row.text("email")),
            invitation: try Invitation(row),
            tokenSHA256: try row.text("token_sha256"),
            aheadSeconds: try row.int("clock_ahead_seconds")
        )
    }

    /// Where invitations have had their time, and what time it is there.
    func organizationsWithOverdueInvitations(at now: Instant) async throws -> [(Identifier, at: Instant)] {
        let rows = try await self.database.read(
            .system,
            """
            SELECT DISTINCT o.id, o.clock_ahead_seconds FROM invitation i JOIN organization o ON o.id = i.organization_id
            WHERE i.pending_until <= $1
            UNION
            SELECT DISTINCT o.id, o.clock_ahead_seconds FROM organization o JOIN invitation i ON i.organization_id = o.id
            WHERE o.clock_ahead_seconds > 0 AND i.pending_until <= $1 + o.clock_ahead_seconds * interval '1 second'
            """,
            [.instant(now)]
        )
        return try rows.map {
            (try $0.uuid("id"), now.advanced(bySeconds: try $0.int("clock_ahead_seconds")))
        }
    }

    // MARK: - For housekeeping, throttling and what concerns a person wherever they belong

    func visit<Output: Sendable>(
        _ body: @escaping @Sendable (borrowing Visits) throws -> Output
    ) async throws -> Output {
        try await self.database.visitingTransaction(body)
    }

    func look(_ sql: SQL, _ values: [SQLValue]) async throws -> Rows {
        try await self.database.read(.system, sql, values)
    }

    @discardableResult
    func change<Output: Sendable>(
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Output
    ) async throws -> Output {
        try await self.database.transaction(.system, body)
    }
}
