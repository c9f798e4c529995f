internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Makes an organization and its first owner, and signs them in.
struct SignUp: Operation {
    static let declaration = OperationDeclaration(
        "identity.organization.sign_up",
        .post("/v1/signup"),
        access: .open,
        "Sign up a firm and its owner."
    )
    .described(
        """
        Somebody who has a password here already makes another organization of theirs by giving it. With another password \
        the answer is that of a wrong sign-in, and the attempt counts as one.
        """
    )
    .notRehearsed()
    .session(.begins)
    .body([
        .text("organization_name", max: 200).required().example("Northwind Consulting"),
        .text("name", max: 200).required().example("Ada Lovelace").redacted(.name),
        .email("email").required().example("ada@example.com"),
        .text("password", max: PasswordRule.bytesMax, .password).required()
            .described("12 to 128 bytes, and none that attackers try first."),
        .text("time_zone", max: 64, .timeZone).defaulting(to: "UTC").example("Europe/Berlin"),
        .currency().defaulting(to: "USD"),
        .text("locale", max: 35).defaulting(to: "en"),
        .boolean("is_sandbox").defaulting(to: false)
            .described("To try things out: `POST /v1/sandbox/clock` advances its clock. It stays so for good."),
        SecondFactors.field,
    ])
    .answers(.object("SignedIn", SignedIn.fields), status: 201)
    .faults(.unauthenticated, .validationFailed, .unavailable)
    .emits("organization.created", "user.registered", "member.added", "session.started")

    let organizationName: String
    let name: String
    let email: String
    let password: String
    let timeZone: String
    let currency: String
    let locale: String
    let isSandbox: Bool
    let code: String?

    init(_ input: Values) throws(Fault) {
        self.organizationName = try input.text("organization_name")
        self.name = try input.text("name")
        self.email = try input.text("email")
        self.password = try input.text("password")
        self.timeZone = try input.text("time_zone")
        self.currency = try input.text("currency")
        self.locale = try input.text("locale")
        self.isSandbox = try input.boolean("is_sandbox")
        self.code = input.optionalText("code")
    }
}

/// Serves sign-ups.
///
/// Whether an address is known here shows in the end: a new one gets an organization, a known one with a wrong password does not.
/// Until addresses are confirmed by mail that cannot be hidden from somebody who goes through with it; but it takes a whole
/// sign-up to learn it, at the price, in the time and under the throttle of a sign-in.
struct SignUps: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(SignUp.self) { request, context in
            let email = try EmailAddress(request.email)
            try OrganizationSettings.check(locale: request.locale)
            try PasswordRule.require(
                request.password,
                context: [request.name, request.organizationName, email.description, email.local],
                isBlocked: CommonPasswords.contains
            )
            let person = try await self.parts.throttle.attempt(email, context) {
                try await self.person(email, request, context)
            }
            do {
                return try await self.signUp(person, email, request, context)
            } catch let fault as SQLFault where fault.constraint == "app_user__email_key" {
                // The same new address twice at the same moment: the second is somebody who does not know the password.
                throw Throttle.refusal
            }
        }
        router.publishes([
            EventDeclaration(
                "user.registered",
                .created,
                "A person is known here from now on.",
                fields: [UserEvents.data]
            )
        ])
    }

    private func person(_ email: EmailAddress, _ request: SignUp, _ context: CallContext) async throws -> Person? {
        guard let user = try await self.parts.crossTenant.user(email) else {
            let password = try await self.parts.hasher.hash(request.password)
            return .new(Identifier.next(at: context.now), name: request.name, password)
        }
        let proof = PasswordProof(parts: self.parts)
        return try await proof.given(by: user, request.password, request.code, context).map(Person.known)
    }

    private func signUp(
        _ person: Person,
        _ email: EmailAddress,
        _ request: SignUp,
        _ context: CallContext
    ) async throws -> Reply {
        let parts = self.parts
        let id = Identifier.next(at: context.now)
        let context = context.acting(
            as: Caller(kind: .member, subject: person.id, organization: id, role: .owner)
        )
        let cause = try context.cause()
        let arrival = try await Arrival(of: person, context, parts)
        return try await parts.persistence.commands.run(SignUp.declaration, context) { transaction in
            let organization = try parts.organizations.insert(
                Values([
                    "name": .text(request.organizationName), "time_zone": .text(request.timeZone),
                    "currency": .text(request.currency), "locale": .text(request.locale),
                    "is_sandbox": .boolean(request.isSandbox),
                    "clock_ahead_seconds": .integer(0),
                ]),
                id: id,
                for: id,
                at: context.now,
                in: transaction
            )
            var events = [parts.organizations.event("created", .created, organization, because: cause)]
            if let user = person.newUser(email) {
                try user.insert(at: context.now, in: transaction)
                events.append(user.registered(because: cause))
            }
            let member = try parts.members.insert(
                Values([
                    "user_id": .identifier(person.id), "name": .text(request.name), "email": .text(email.description),
                    "role": .text(Role.owner.rawValue),
                ]),
                for: id,
                at: context.now,
                in: transaction
            )
            events.append(parts.members.event("added", .created, member, because: cause))
            let (started, grant) = try parts.sessions.begin(
                for: member,
                of: person.id,
                by: person.beginning(at: context.now),
                context,
                in: transaction
            )
            events += started
            try arrival.record(context, in: transaction)
            return Outcome(try SignedIn.reply(organization, member, grant, context), events: events)
        }
    }
}
