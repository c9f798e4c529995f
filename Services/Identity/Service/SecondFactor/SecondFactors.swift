internal import Contracts
internal import Crypto
internal import IdentityDomain
internal import Postgres
internal import Vocabulary

/// What is stored of second factors, and whether a code is one.
struct SecondFactors: Sendable {
    static let recoveryCodeCount = 10
    static let recoveryCodeBytes = 10

    private let crossTenant: CrossTenant
    private let hasher: PasswordHasher
    private let random: RandomBytes
    private let keys: [SymmetricKey]

    /// - Parameter keys: seal the secrets; the first is used for new ones.
    init(_ crossTenant: CrossTenant, _ hasher: PasswordHasher, keys: [[UInt8]], _ random: @escaping RandomBytes) {
        self.crossTenant = crossTenant
        self.hasher = hasher
        self.random = random
        self.keys = keys.map { SymmetricKey(data: $0) }
    }

    /// A person's second factor as it is stored.
    struct Stored: Sendable {
        let secret: [UInt8]
        fileprivate let sealed: [UInt8]
        let isConfirmed: Bool
        let factor: SecondFactor
        let recoveryCodesLeft: Int64
    }

    /// What a request that proves who somebody is by a password has besides.
    static let field = Field.text("code", max: 40).redacted(.password)
        .described("From your authenticator, or a recovery code: where you have a second factor.")

    static let required = Fault(
        .unauthenticated,
        "A code is needed besides the password: from your authenticator, or one of your recovery codes.",
        problems: [Problem("/code", "second_factor_required", "Send the code that is shown now, or a recovery code.")]
    )

    // MARK: - Asking

    func of(_ user: Identifier) async throws -> Stored? {
        let rows = try await self.crossTenant.look(
            """
            SELECT secret_sealed, confirmed_at IS NOT NULL AS is_confirmed, last_step,
                (SELECT count(*) FROM recovery_code r WHERE r.user_id = f.user_id AND r.used_at IS NULL) AS codes_left
            FROM second_factor f WHERE user_id = $1
            """,
            [.uuid(user)]
        )
        guard let row = rows.first else { return nil }
        let sealed = try row.binary("secret_sealed")
        return Stored(
            secret: try self.open(sealed, of: user),
            sealed: sealed,
            isConfirmed: try row.bool("is_confirmed"),
            factor: SecondFactor(lastStep: try row.int("last_step")),
            recoveryCodesLeft: try row.int("codes_left")
        )
    }

    /// What somebody who knows the password has proved with it: that alone where they have no second factor, and that one where this
    /// is a code of it, which is spent by that. `nil` for a wrong code; throws ``required`` where one is needed and none came.
    func assurance(by code: String?, of user: Identifier, at now: Instant) async throws -> Authentication.Assurance? {
        guard let stored = try await self.of(user), stored.isConfirmed else { return .password }
        guard let code else { throw Self.required }
        let isRight =
            if let step = Self.step(of: code, stored, at: now) {
                try await self.spend(step, of: user)
            } else {
                try await self.spendRecoveryCode(code, of: user, at: now)
            }
        return isRight ? .secondFactor : nil
    }

    /// The step that a code is of, if it may be taken now.
    static func step(of code: String, _ stored: Stored, at now: Instant) -> Int64? {
        stored.factor.steps(at: now).first { TOTP.code(stored.secret, step: $0) == code }
    }

    /// Of many who present a code at once one is first.
    private func spend(_ step: Int64, of user: Identifier) async throws -> Bool {
        try await self.crossTenant.change { transaction in
            try transaction.query(
                "UPDATE second_factor SET last_step = $2 WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL",
                [.uuid(user), .int(step)]
            ).affected == 1
        }
    }

    private func spendRecoveryCode(_ code: String, of user: Identifier, at now: Instant) async throws -> Bool {
        // `3-ABCD…`: the number says which of the ten, so that one is hashed and not ten.
        let parts = code.uppercased().split(separator: "-", maxSplits: 1)
        guard parts.count == 2, let number = Int64(parts[0]), (0..<Int64(Self.recoveryCodeCount)).contains(number)
        else {
            return false
        }
        let rows = try await self.crossTenant.look(
            "SELECT code_hash, pepper_kid FROM recovery_code WHERE user_id = $1 AND number = $2 AND used_at IS NULL",
            [.uuid(user), .int(number)]
        )
        let stored = try rows.first.map {
            PasswordHash(encoded: try $0.text("code_hash"), pepperKid: try $0.text("pepper_kid"))
        }
        guard try await self.hasher.verify(String(parts[1]), stored), let stored else { return false }
        return try await self.crossTenant.change { transaction in
            try transaction.query(
                // The very code that was verified: another may have its number by now.
                "UPDATE recovery_code SET used_at = $3 WHERE user_id = $1 AND number = $2 AND used_at IS NULL AND code_hash = $4",
                [.uuid(user), .int(number), .instant(now), .text(stored.encoded)]
            ).affected == 1
        }
    }

    // MARK: - Making

    /// A new secret that waits to be confirmed, in place of one that does; `nil` where one is confirmed.
    func begin(of user: Identifier, at now: Instant) async throws -> [UInt8]? {
        let secret = self.random(TOTP.secretBytes)
        let sealed = try self.seal(secret, of: user)
        let isBegun = try await self.crossTenant.change { transaction in
            try transaction.query(
                """
                INSERT INTO second_factor AS f (user_id, secret_sealed, created_at) VALUES ($1, $2, $3)
                ON CONFLICT (user_id) DO UPDATE SET secret_sealed = $2, created_at = $3, last_step = 0
                WHERE f.confirmed_at IS NULL
                """,
                [.uuid(user), .bytes(sealed), .instant(now)]
            ).affected == 1
        }
        return isBegun ? secret : nil
    }

    /// Ten codes, each with its hash.
    func makeRecoveryCodes() async throws -> [(text: String, hash: PasswordHash)] {
        var codes: [(text: String, hash: PasswordHash)] = []
        for number in 0..<Self.recoveryCodeCount {
            let secret = Base32.encode(self.random(Self.recoveryCodeBytes))
            codes.append(("\(number)-\(secret)", try await self.hasher.hash(secret)))
        }
        return codes
    }

    /// Whoever has computed a code of it has it: from here on it is asked for. `false` where another secret has taken its place.
    static func confirm(
        _ stored: Stored,
        of user: Identifier,
        step: Int64,
        _ codes: [PasswordHash],
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let confirmed = try transaction.query(
            """
            UPDATE second_factor SET confirmed_at = $3, last_step = $2
            WHERE user_id = $1 AND confirmed_at IS NULL AND secret_sealed = $4
            """,
            [.uuid(user), .int(step), .instant(now), .bytes(stored.sealed)]
        )
        guard confirmed.affected == 1 else { return false }
        try Self.replace(codes, of: user, in: transaction)
        return true
    }

    /// `false` where there is no second factor any more.
    static func renew(
        _ codes: [PasswordHash],
        of user: Identifier,
        in transaction: borrowing Transaction
    ) throws -> Bool {
        let held = try transaction.query(
            "SELECT user_id FROM second_factor WHERE user_id = $1 AND confirmed_at IS NOT NULL FOR UPDATE",
            [.uuid(user)]
        )
        guard held.count == 1 else { return false }
        try Self.replace(codes, of: user, in: transaction)
        return true
    }

    private static func replace(
        _ codes: [PasswordHash],
        of user: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.queue("DELETE FROM recovery_code WHERE user_id = $1", [.uuid(user)])
        for (number, code) in codes.enumerated() {
            try transaction.queue(
                "INSERT INTO recovery_code (user_id, number, code_hash, pepper_kid) VALUES ($1, $2, $3, $4)",
                [.uuid(user), .int(Int64(number)), .text(code.encoded), .text(code.pepperKid)]
            )
        }
    }

    /// What shows new codes: the only answer that does.
    static let recoveryCodes: OperationDeclaration.Output = .object(
        "RecoveryCodes",
        [
            .list("recovery_codes", of: .text(TextRule(lengthMax: 40)), countMax: Self.recoveryCodeCount)
                .redacted(.password)
        ]
    )

    static func reply(_ codes: [(text: String, hash: PasswordHash)]) -> Reply {
        let json: JSON = ["recovery_codes": .array(codes.map { .string($0.text) })]
        return Reply(body: json.bytes)
    }

    static func end(_ user: Identifier, in transaction: borrowing Transaction) throws -> Bool {
        try transaction.query(
            "DELETE FROM second_factor WHERE user_id = $1 AND confirmed_at IS NOT NULL",
            [.uuid(user)]
        ).affected == 1
    }

    // MARK: - Sealing

    private func seal(_ secret: [UInt8], of user: Identifier) throws -> [UInt8] {
        Array(try ChaChaPoly.seal(secret, using: self.keys[0], authenticating: Self.context(user)).combined)
    }

    private func open(_ sealed: [UInt8], of user: Identifier) throws -> [UInt8] {
        let box = try ChaChaPoly.SealedBox(combined: sealed)
        for key in self.keys {
            if let secret = try? ChaChaPoly.open(box, using: key, authenticating: Self.context(user)) {
                return Array(secret)
            }
        }
        throw Fault(.internalError, "A second factor was sealed with a key that is gone")
    }

    private static func context(_ user: Identifier) -> [UInt8] { Array("second factor of \(user)".utf8) }
}
