internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Mail
internal import Postgres
internal import Resources
internal import Vocabulary

/// Whether one has a second factor.
struct GetSecondFactor: Operation {
    static let declaration = OperationDeclaration(
        "identity.second_factor.get",
        .get("/v1/me/second-factor"),
        access: .person,
        "Read whether a second factor is asked of you."
    )
    .answers(
        .object("SecondFactor", [.boolean("is_enabled"), .integer("recovery_codes_left", 0...10)])
    )

    init(_ input: Values) throws(Fault) {}
}

/// Begins to set one up.
struct BeginSecondFactor: Operation {
    static let declaration = OperationDeclaration(
        "identity.second_factor.begin",
        .post("/v1/me/second-factor"),
        access: .person,
        "Begin to set up a second factor."
    )
    .described(
        """
        Asks for your password. Give `secret` to an authenticator, or let it read the QR code, and confirm with a code that it shows; until \
        then nothing changes. The secret is in this answer and nowhere else.
        """
    )
    .notRehearsed()
    .body([.text("password", max: PasswordRule.bytesMax, .password).required()])
    .answers(
        .object(
            "NewSecondFactor",
            [
                .text("secret", max: 64).redacted(.password), .text("uri", max: 1_000).redacted(.password),
                .text("qr_code_svg", max: Self.imageBytesMax).redacted(.password)
                    .described("`uri` as a QR code: an SVG image."),
            ]
        ),
        status: 201
    )
    .faults(.validationFailed, .conflict, .unavailable)

    /// The largest QR code there is has 177 modules a row.
    private static let imageBytesMax = 256 * 1_024

    let password: String

    init(_ input: Values) throws(Fault) { self.password = try input.text("password") }
}

/// Shows that the authenticator works; from then on its codes are asked for.
struct ConfirmSecondFactor: Operation {
    static let declaration = OperationDeclaration(
        "identity.second_factor.confirm",
        .post("/v1/me/second-factor/confirm"),
        access: .person,
        "Confirm a second factor with a code of it."
    )
    .described(
        """
        From then on a sign-in needs a code. The recovery codes are in this answer and nowhere else: each is good once in place of a code.
        """
    )
    .notRehearsed()
    .body([.text("code", max: 10).required().redacted(.password)])
    .answers(SecondFactors.recoveryCodes)
    .faults(.validationFailed, .conflict, .unavailable)
    .emits("user.second_factor_enabled")

    let code: String

    init(_ input: Values) throws(Fault) { self.code = try input.text("code") }
}

/// Ends it.
struct DisableSecondFactor: Operation {
    static let declaration = OperationDeclaration(
        "identity.second_factor.disable",
        .post("/v1/me/second-factor/disable"),
        access: .person,
        "Do without a second factor again."
    )
    .described("Asks for your password and for a code, or a recovery code.")
    .notRehearsed()
    .stepUp()
    .body([
        .text("password", max: PasswordRule.bytesMax, .password).required(),
        .text("code", max: 40).required().redacted(.password),
    ])
    .answersNothing()
    .faults(.validationFailed, .conflict, .unavailable)
    .emits("user.second_factor_disabled")

    let password: String
    let code: String

    init(_ input: Values) throws(Fault) {
        self.password = try input.text("password")
        self.code = try input.text("code")
    }
}

/// Serves what a person does with their second factor.
struct SecondFactorOperations: Sendable {
    let parts: IdentityParts

    private static let isOn = Fault(
        .conflict,
        "There is a second factor already.",
        problems: [Problem("", "second_factor_on", "Disable it before you set up another one.")]
    )
    static let isOff = Fault(
        .conflict,
        "There is no second factor.",
        problems: [Problem("", "second_factor_off", "Begin to set one up first.")]
    )
    private static let wrongCode = Fault.invalid("/code", "wrong", "This is not the code that is shown now.")

    func register(in router: inout Router) {
        router.serve(GetSecondFactor.self) { _, context in
            let stored = try await self.parts.secondFactors.of(try context.caller().subject)
            let isEnabled = stored?.isConfirmed ?? false
            let json: JSON = [
                "is_enabled": .bool(isEnabled),
                "recovery_codes_left": .int(isEnabled ? stored?.recoveryCodesLeft ?? 0 : 0),
            ]
            return Reply(body: json.bytes)
        }
        router.serve(BeginSecondFactor.self) { request, context in try await self.begin(request, context) }
        router.serve(ConfirmSecondFactor.self) { request, context in try await self.confirm(request, context) }
        router.serve(DisableSecondFactor.self) { request, context in try await self.disable(request, context) }
        router.publishes(SecondFactorNotices.events)
    }

    private func begin(_ request: BeginSecondFactor, _ context: CallContext) async throws -> Reply {
        let user = try await self.user(request.password, context)
        guard let secret = try await self.parts.secondFactors.begin(of: user.id, at: context.wallTime) else {
            throw Self.isOn
        }
        let uri = TOTP.uri(secret, account: user.email)
        guard let code = QRCode(uri) else { throw Fault(.internalError, "A URI is too long for a QR code") }
        let json: JSON = [
            "secret": .string(Base32.encode(secret)), "uri": .string(uri), "qr_code_svg": .string(code.svg),
        ]
        return Reply(status: 201, body: json.bytes)
    }

    private func user(_ password: String, _ context: CallContext) async throws -> CrossTenant.User {
        try await PresentPassword(parts: self.parts).verify(
            password,
            of: try context.caller().subject,
            at: "/password",
            context
        ).user
    }

    private func confirm(_ request: ConfirmSecondFactor, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        guard let user = try await self.parts.crossTenant.user(caller.subject),
            let stored = try await self.parts.secondFactors.of(user.id)
        else { throw Self.isOff }
        guard !stored.isConfirmed else { throw Self.isOn }
        let step = try await self.proved(user, context) {
            SecondFactors.step(of: request.code, stored, at: context.wallTime)
        }
        let codes = try await self.parts.secondFactors.makeRecoveryCodes()
        try await self.parts.crossTenant.visit { visits in
            let isOn = try SecondFactors.confirm(
                stored,
                of: user.id,
                step: step,
                codes.map(\.hash),
                at: context.wallTime,
                in: visits.system
            )
            guard isOn else { throw Self.isOn }
            try SecondFactorNotices(parts: self.parts).tell(.enabled, of: user, context, in: visits) {
                place,
                _,
                visits in
                guard let session = caller.session, place.organization == caller.organization else { return [] }
                // The code was given in this session, so that it is worth as much as one that began with a code.
                try self.parts.sessions.raise(session, of: place.organization, at: context.now, in: visits)
                return []
            }
        }
        return SecondFactors.reply(codes)
    }

    private func disable(_ request: DisableSecondFactor, _ context: CallContext) async throws -> Reply {
        let user = try await self.user(request.password, context)
        _ = try await self.proved(user, context) {
            try await self.parts.secondFactors.assurance(by: request.code, of: user.id, at: context.wallTime)
        }
        try await self.parts.crossTenant.visit { visits in
            guard try SecondFactors.end(user.id, in: visits.system) else { throw Self.isOff }
            try SecondFactorNotices(parts: self.parts).tell(.disabled, of: user, context, in: visits)
        }
        return .nothing
    }

    /// Wrong codes count as wrong passwords do.
    private func proved<Proof: Sendable>(
        _ user: CrossTenant.User,
        _ context: CallContext,
        _ look: () async throws -> Proof?
    ) async throws -> Proof {
        try await self.parts.throttle.attempt(
            try EmailAddress(user.email),
            context,
            refusing: Self.wrongCode,
            look
        )
    }
}
