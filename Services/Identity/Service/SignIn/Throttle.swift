internal import Contracts
internal import Crypto
internal import Glibc
internal import IdentityDomain
internal import Postgres
internal import Vocabulary

/// How often passwords may be tried. Attempts are counted, in a transaction of their own, before anything is verified: so no
/// number of parallel attempts gets more verifications than the count allows.
///
/// Who comes from where the account was signed in to of late is not counted among the others who try it: these do not keep its owner out.
/// A browser that shows the cookie of an earlier sign-in is counted by itself, wherever it is.
/// Nobody is locked out: after the free attempts each further one only waits twice as long as the one before. What is refused
/// here looks like a wrong password and like an unknown address.
struct Throttle: Sendable {
    /// Free attempts for an account in a window.
    static let accountAttemptsMax: Int64 = 5
    /// Free attempts for an account in a window from a browser that was signed in to it before.
    static let deviceAttemptsMax: Int64 = 10
    /// Attempts from one address in a window, whatever accounts they are for.
    static let addressAttemptsMax: Int64 = 50
    static let windowSeconds: Int64 = 15 * 60
    /// Mails to one account in a window that somebody without a credential has asked for, and from one network address.
    static let mailsToAccountMax: Int64 = 3
    static let mailsFromAddressMax: Int64 = 20
    /// Invitations' mails of one organization in a window, and to one address, whoever invites it.
    static let invitationsOfOrganizationMax: Int64 = 100
    static let invitationsToAddressMax: Int64 = 5

    let crossTenant: CrossTenant
    let hasher: PasswordHasher
    let addressAttemptsMax: Int64

    /// The one answer to a wrong password, an unknown address and a throttled attempt.
    static let refusal = Fault(.unauthenticated, "This e-mail address and this password do not belong together.")

    /// Counts, then lets `verify` decide; it answers `nil` for a wrong password. A right one is taken off the counts again.
    ///
    /// - Parameter refusal: what a wrong and a throttled attempt are both answered.
    func attempt<Output: Sendable>(
        _ email: EmailAddress,
        _ context: CallContext,
        refusing refusal: Fault = Throttle.refusal,
        _ verify: () async throws -> Output?
    ) async throws -> Output {
        let marks = DeviceMarks(email, context)
        let buckets = try await self.buckets(of: marks, email, context.remoteAddress)
        guard try await self.count(buckets, at: context.wallTime) else {
            await self.hasher.pretend()
            throw refusal
        }
        let output: Output?
        do {
            output = try await verify()
        } catch {
            // Nobody was told that it is wrong: more is asked for, the service was too busy, or the database away.
            try await self.release(buckets, lifting: false)
            throw error
        }
        guard let output else { throw refusal }
        try await self.release(buckets, lifting: true, remembering: (marks, context.wallTime))
        return output
    }

    /// Whether a mail may go to an account because somebody without a credential asks for it; counts that it does.
    func admitsMail(to email: EmailAddress, _ context: CallContext) async throws -> Bool {
        try await self.count(
            [
                Bucket("mail_address", context.remoteAddress ?? "", Self.mailsFromAddressMax, isHard: true),
                Bucket("mail_account", email.description, Self.mailsToAccountMax, isHard: true),
            ],
            at: context.wallTime
        )
    }

    /// Counts an invitation's mail, then lets `send` write it. One that was not written is taken off again: it was rehearsed, refused,
    /// or written before under the same idempotency key.
    func invitation(
        to email: EmailAddress,
        of organization: Identifier,
        _ context: CallContext,
        _ send: () async throws -> Reply
    ) async throws -> Reply {
        let buckets = [
            Bucket("invitations_of", organization.description, Self.invitationsOfOrganizationMax, isHard: true),
            Bucket("invitations_to", email.description, Self.invitationsToAddressMax, isHard: true),
        ]
        guard try await self.count(buckets, at: context.wallTime) else {
            throw Fault(
                .rateLimited,
                "Too many invitations were sent to this address or by this organization. Try again in a quarter of an hour.",
                retryAfter: Int(Self.windowSeconds)
            )
        }
        let reply: Reply
        do {
            reply = try await send()
        } catch {
            try await self.release(buckets, lifting: true)
            throw error
        }
        if reply.isReplayed || context.isDryRun { try await self.release(buckets, lifting: true) }
        return reply
    }

    /// Forgets the wrong passwords that an account was tried with: its password is another one now.
    func forgive(_ email: EmailAddress, _ address: String?, in transaction: borrowing Transaction) throws(SQLFault) {
        for bucket in self.buckets(email, address) where !bucket.isHard {
            try transaction.queue(
                "DELETE FROM sign_in_attempt WHERE kind = $1 AND key = $2",
                [.text(bucket.kind), .bytes(bucket.key)]
            )
        }
    }

    /// Forgets from where a person has signed in, as far as their history says it.
    func forgetDevices(of user: Identifier, _ email: String, in transaction: borrowing Transaction) throws {
        let places = try transaction.query(
            "SELECT DISTINCT remote_address, user_agent FROM sign_in_history WHERE user_id = $1",
            [.uuid(user)]
        )
        let devices = try places.map { place in
            let device = Device(try place.textOrNil("remote_address"), try place.textOrNil("user_agent"))
            return DeviceMarks.digest(device, email)
        }
        for device in Set(devices) {
            try transaction.queue("DELETE FROM known_device WHERE device = $1", [.bytes(device)])
        }
    }

    // MARK: - Buckets

    private struct Bucket: Sendable {
        let kind: String
        /// A digest: no address is kept in the clear.
        let key: [UInt8]
        let attemptsMax: Int64
        /// Full until its window ends, rather than for longer and longer pauses.
        let isHard: Bool

        init(_ kind: String, _ key: String, _ attemptsMax: Int64, isHard: Bool) {
            self.init(kind, digest: Array(SHA256.hash(data: Array(key.utf8))), attemptsMax, isHard: isHard)
        }

        init(_ kind: String, digest: [UInt8], _ attemptsMax: Int64, isHard: Bool) {
            self.kind = kind
            self.key = digest
            self.attemptsMax = attemptsMax
            self.isHard = isHard
        }
    }

    /// What an attempt is counted in, by what it is known of. Looked up by digests alone, so that an address which nobody has costs what
    /// every other does.
    private func buckets(of marks: DeviceMarks, _ email: EmailAddress, _ address: String?) async throws -> [Bucket] {
        let rows = try await self.crossTenant.look(
            "SELECT device FROM known_device WHERE device IN ($1, $2)",
            [.bytes(marks.place), .bytes(marks.browser ?? marks.place)]
        )
        let known = try rows.map { try $0.binary("device") }
        if let browser = marks.browser, known.contains(browser) {
            return [Bucket("device", digest: browser, Self.deviceAttemptsMax, isHard: false)]
        }
        return self.buckets(email, address).filter { $0.kind != "account" || known.isEmpty }
    }

    /// Always in this order, so that two attempts never wait for each other's rows.
    private func buckets(_ email: EmailAddress, _ address: String?) -> [Bucket] {
        let account = email.description
        return [
            Bucket("address", address ?? "", self.addressAttemptsMax, isHard: true),
            Bucket(
                "account_network",
                "\(account) \(Self.network(of: address))",
                Self.accountAttemptsMax,
                isHard: false
            ),
            Bucket("account", account, Self.accountAttemptsMax, isHard: false),
        ]
    }

    /// The /24 of an IPv4 address, the /56 of an IPv6 one: what one subscriber usually has. Text that is no address is itself.
    static func network(of address: String?) -> String {
        guard let address else { return "" }
        var four = in_addr()
        if inet_pton(AF_INET, address, &four) == 1 {
            return withUnsafeBytes(of: four) { "\($0[0]).\($0[1]).\($0[2]).0/24" }
        }
        var six = in6_addr()
        guard inet_pton(AF_INET6, address, &six) == 1 else { return address }
        return withUnsafeBytes(of: six) { bytes in
            let isMapped = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
            if isMapped { return "\(bytes[12]).\(bytes[13]).\(bytes[14]).0/24" }
            let groups = stride(from: 0, to: 8, by: 2).map { index in
                UInt16(bytes[index]) << 8 | (index < 6 ? UInt16(bytes[index + 1]) : 0)
            }
            return groups.map { String($0, radix: 16) }.joined(separator: ":") + "::/56"
        }
    }

    // MARK: - Counting

    private static let counting: SQL = """
        INSERT INTO sign_in_attempt AS a (kind, key, count, window_end)
        VALUES ($1, $2, 1, $3::timestamptz + make_interval(secs => $4::int))
        ON CONFLICT (kind, key) DO UPDATE SET
            count = CASE WHEN a.window_end <= $3 THEN 1 ELSE a.count + 1 END,
            window_end = CASE WHEN a.window_end <= $3 THEN $3 + make_interval(secs => $4::int) ELSE a.window_end END,
            blocked_until = CASE
                WHEN a.window_end <= $3 OR a.count + 1 < $5::int THEN NULL
                WHEN $6::boolean THEN a.window_end
                ELSE $3 + make_interval(secs => least(power(2, a.count + 1 - $5::int), $4::int)) END
        WHERE a.blocked_until IS NULL OR a.blocked_until <= $3
        RETURNING count
        """

    /// Whether the attempt may go on. A refused one is not counted, so that nobody keeps an account waiting by hammering at it.
    private func count(_ buckets: [Bucket], at now: Instant) async throws -> Bool {
        try await self.crossTenant.change { transaction in
            for bucket in buckets {
                let rows = try transaction.query(
                    Self.counting,
                    [
                        .text(bucket.kind), .bytes(bucket.key), .instant(now), .int(Self.windowSeconds),
                        .int(bucket.attemptsMax), .bool(bucket.isHard),
                    ]
                )
                guard rows.count == 1 else { return false }
            }
            return true
        }
    }

    /// Takes one attempt off again, and lifts the pause that it caused where the password was right.
    private func release(
        _ buckets: [Bucket],
        lifting isLifting: Bool,
        remembering proved: (marks: DeviceMarks, at: Instant)? = nil
    ) async throws {
        try await self.crossTenant.change { transaction in
            for bucket in buckets {
                try transaction.queue(
                    """
                    UPDATE sign_in_attempt SET count = greatest(count - 1, 0),
                        blocked_until = CASE WHEN $3::boolean THEN NULL ELSE blocked_until END
                    WHERE kind = $1 AND key = $2
                    """,
                    [.text(bucket.kind), .bytes(bucket.key), .bool(isLifting)]
                )
            }
            guard let proved else { return }
            for device in proved.marks.all {
                try transaction.queue(
                    """
                    INSERT INTO known_device (device, seen_at) VALUES ($1, $2)
                    ON CONFLICT (device) DO UPDATE SET seen_at = greatest(known_device.seen_at, excluded.seen_at)
                    """,
                    [.bytes(device), .instant(proved.at)]
                )
            }
        }
    }
}
