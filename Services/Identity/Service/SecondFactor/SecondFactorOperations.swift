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
        Asks for your password. Give `secret` (or `uri`, as a QR code) to an authenticator and confirm with a code that it shows; until \
        then nothing changes. The secret is in this answer and nowhere else.
        """
    )
    .notRehearsed()
    .body([.text("password", max: PasswordRule.bytesMax, .password).required()])
    .answers(
        .object(
            "NewSecondFactor",
            [.text("secret", max: 64).redacted(.password), .text("uri", max: 1_000).redacted(.password)]
        ),
        status: 201
    )
    .faults(.validationFailed, .conflict, .unavailable)

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
    .answers(
        .object(
            "RecoveryCodes",
            [
                .list(
                    "recovery_codes",
                    of: .text(TextRule(lengthMax: 40)),
                    countMax: SecondFactors.recoveryCodeCount
                ).redacted(.password)
            ]
        )
    )
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

    static let events: [EventDeclaration] = {
        let data: [Field] = [.object("data", SignedIn.userFields)]
        return [
            EventDeclaration(
                "user.second_factor_enabled",
                .updated,
                "Somebody signs in with a second factor from now on.",
                fields: data
            ),
            EventDeclaration(
                "user.second_factor_disabled",
                .updated,
                "Somebody signs in without a second factor again.",
                fields: data
            ),
        ]
    }()

    private static let isOn = Fault(
        .conflict,
        "There is a second factor already.",
        problems: [Problem("", "second_factor_on", "Disable it before you set up another one.")]
    )
    private static let isOff = Fault(
        .conflict,
        "There is no second factor to confirm or to disable.",
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
        router.publishes(Self.events)
    }

    private func begin(_ request: BeginSecondFactor, _ context: CallContext) async throws -> Reply {
        let user = try await self.user(request.password, context)
        guard let secret = try await self.parts.secondFactors.begin(of: user.id, at: context.now) else {
            throw Self.isOn
        }
        let json: JSON = [
            "secret": .string(Base32.encode(secret)), "uri": .string(TOTP.uri(secret, account: user.email)),
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
            SecondFactors.step(of: request.code, stored, at: context.now)
        }
        let codes = try await self.parts.secondFactors.makeRecoveryCodes()
        try await self.parts.crossTenant.visit { visits in
            let isOn = try SecondFactors.confirm(
                stored,
                of: user.id,
                step: step,
                codes.map(\.hash),
                at: context.now,
                in: visits.system
            )
            guard isOn else { throw Self.isOn }
            // The code was given in this session, so that it is worth as much as one that began with a code.
            try self.parts.sessions.raise(caller.session, of: caller.organization, at: context.now, in: visits)
            try self.tell(user, isOn: true, context, in: visits)
        }
        let json: JSON = ["recovery_codes": .array(codes.map { .string($0.text) })]
        return Reply(body: json.bytes)
    }

    private func disable(_ request: DisableSecondFactor, _ context: CallContext) async throws -> Reply {
        let user = try await self.user(request.password, context)
        _ = try await self.proved(user, context) {
            try await self.parts.secondFactors.assurance(by: request.code, of: user.id, at: context.now)
        }
        try await self.parts.crossTenant.visit { visits in
            guard try SecondFactors.end(user.id, in: visits.system) else { throw Self.isOff }
            try self.tell(user, isOn: false, context, in: visits)
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

    /// The person by mail, their organizations by an event each.
    private func tell(
        _ user: CrossTenant.User,
        isOn: Bool,
        _ context: CallContext,
        in visits: borrowing Visits
    ) throws {
        let mail = try self.parts.mails.secondFactor(of: user, isOn: isOn, at: context.now)
        try self.parts.mails.tasks.queue(mail, for: nil, at: context.now, in: visits.system)
        let told = UserEvents(parts: self.parts)
        let version = try told.version(of: user.id, at: context.now, in: visits)
        let type = isOn ? "user.second_factor_enabled" : "user.second_factor_disabled"
        let events = try told.places(of: user.id, in: visits).map { place in
            let cause = UserEvents.cause(user.id, place.organization, context)
            return (place.organization, [UserEvents.event(type, user, version, because: cause)])
        }
        try told.append(events, in: visits)
    }
}
