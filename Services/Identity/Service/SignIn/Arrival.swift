internal import Contracts
internal import Mail
internal import Postgres
internal import Vocabulary

/// What a sign-in leaves besides its session: a line in the person's history and, from where they have not been, a mail to them.
struct Arrival: Sendable {
    private let user: Identifier
    private let notice: Mail?
    private let parts: IdentityParts

    /// Whoever signs in from more places than these is told of some again.
    private static let devicesMax: Int64 = 500

    /// Of somebody who has just been registered, and has been nowhere.
    init(ofNew user: Identifier, _ parts: IdentityParts) {
        self.user = user
        self.notice = nil
        self.parts = parts
    }

    init(of user: CrossTenant.User, _ context: CallContext, _ parts: IdentityParts) async throws {
        self.user = user.id
        self.parts = parts
        let isNew = try await Self.isNew(Device(context.remoteAddress, context.userAgent), of: user.id, parts)
        self.notice = isNew ? try parts.mails.newDevice(of: user, context) : nil
    }

    /// In the transaction that begins the session.
    func record(_ context: CallContext, in transaction: borrowing Transaction) throws {
        try SignInHistory.record(.signedIn, of: self.user, context, in: transaction)
        guard let notice = self.notice else { return }
        let organization = try context.caller().organization
        try self.parts.mails.tasks.queue(notice, for: organization, at: context.now, in: transaction)
    }

    /// Nobody's first sign-in is from a new device.
    private static func isNew(_ device: Device, of user: Identifier, _ parts: IdentityParts) async throws -> Bool {
        let rows = try await parts.crossTenant.look(
            """
            SELECT DISTINCT remote_address, user_agent FROM
                (SELECT remote_address, user_agent FROM sign_in_history WHERE user_id = $1 AND outcome = 'signed_in'
                ORDER BY attempted_at DESC LIMIT $2) AS latest
            """,
            [.uuid(user), .int(self.devicesMax)]
        )
        let known = try rows.map { Device(try $0.textOrNil("remote_address"), try $0.textOrNil("user_agent")) }
        return !known.isEmpty && !known.contains(device)
    }
}

/// When somebody signed in or failed to, for the person and for investigations.
enum SignInHistory {
    enum Outcome: String, Sendable {
        case signedIn = "signed_in"
        case wrongPassword = "wrong_password"
    }

    static func record(
        _ outcome: Outcome,
        of user: Identifier,
        _ context: CallContext,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        try self.record(
            outcome,
            of: user,
            from: context.remoteAddress,
            Device.kept(context.userAgent),
            at: context.now,
            in: transaction
        )
    }

    /// - Parameter userAgent: as much of it as is kept.
    static func record(
        _ outcome: Outcome,
        of user: Identifier,
        from address: String?,
        _ userAgent: String?,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        try transaction.queue(
            """
            INSERT INTO sign_in_history (id, user_id, outcome, remote_address, user_agent, attempted_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                .uuid(Identifier.next(at: now)), .uuid(user), .text(outcome.rawValue),
                address.map(SQLValue.text) ?? .null, userAgent.map(SQLValue.text) ?? .null, .instant(now),
            ]
        )
    }
}
