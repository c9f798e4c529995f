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

    init(of person: Person, _ context: CallContext, _ parts: IdentityParts) async throws {
        self.user = person.id
        self.parts = parts
        guard case .known(let proved) = person,
            try await Self.isNew(Device(context.remoteAddress, context.userAgent), of: person.id, parts)
        else {
            self.notice = nil
            return
        }
        self.notice = try parts.mails.newDevice(of: proved.user, context)
    }

    /// In the transaction that begins the session.
    func record(_ context: CallContext, in transaction: borrowing Transaction) throws {
        try SignInHistory.record(
            .signedIn,
            of: self.user,
            from: context.remoteAddress,
            Device.kept(context.userAgent),
            at: context.wallTime,
            in: transaction
        )
        guard let notice = self.notice else { return }
        let organization = try context.caller().organization
        try self.parts.mails.tasks.queue(notice, for: organization, at: context.wallTime, in: transaction)
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
