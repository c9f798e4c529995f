internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Vocabulary

/// Signs a person in with their password.
struct SignIn: Operation {
    static let declaration = OperationDeclaration(
        "identity.session.create",
        .post("/v1/sessions"),
        access: .open,
        "Sign in."
    )
    .described("Somebody of several organizations names one, or comes to the one they have belonged to longest.")
    .notRehearsed()
    .body([
        .email("email").required().example("ada@example.com"),
        .text("password", max: PasswordRule.bytesMax, .password).required(),
        .identifier("organization_id"), SecondFactors.field,
    ])
    .answers(.object("SignedIn", SignedIn.fields), status: 201)
    .faults(.unauthenticated, .validationFailed, .unavailable)
    .emits("session.started")

    let email: String
    let password: String
    let organization: Identifier?
    let code: String?

    init(_ input: Values) throws(Fault) {
        self.email = try input.text("email")
        self.password = try input.text("password")
        self.organization = input.optionalIdentifier("organization_id")
        self.code = input.optionalText("code")
    }
}

/// Serves sign-ins. A wrong password, an unknown address, a deactivated person, somebody who belongs nowhere (or not there)
/// and a throttled attempt all get one answer, after about the same time.
struct SignIns: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(SignIn.self) { request, context in
            let email = try EmailAddress(request.email)
            let (user, place, assurance) = try await self.parts.throttle.attempt(email, context) {
                try await self.verified(email, request, context)
            }
            try await self.renewHash(of: user, request.password)
            let device = Device(context.remoteAddress, context.userAgent)
            let isNew = try await self.parts.crossTenant.isNew(device, of: user.id)
            let notice =
                try isNew
                ? self.parts.mails.newDevice(
                    of: user,
                    from: context.remoteAddress,
                    with: context.userAgent,
                    at: context.now
                ) : nil
            return try await SignedIn.begin(
                at: place,
                as: user.id,
                authenticated: Authentication(at: context.now, assurance),
                recording: true,
                telling: notice,
                SignIn.declaration,
                context,
                self.parts
            )
        }
    }

    private func verified(
        _ email: EmailAddress,
        _ request: SignIn,
        _ context: CallContext
    ) async throws -> (CrossTenant.User, CrossTenant.Place, Authentication.Assurance)? {
        let user = try await self.parts.crossTenant.user(email)
        // In this order: what an unknown address costs must not differ from what a wrong password costs.
        let isRight = try await self.parts.hasher.verify(request.password, user?.password)
        guard let user else { return nil }
        // The right password first: whoever does not know it does not learn whether there is more to know.
        let assurance =
            isRight && user.isActive
            ? try await self.parts.secondFactors.assurance(by: request.code, of: user.id, at: context.now) : nil
        guard let assurance else {
            try await self.parts.crossTenant.recordFailure(
                of: user.id,
                from: context.remoteAddress,
                context.userAgent,
                at: context.now
            )
            return nil
        }
        let places = try await self.parts.crossTenant.places(of: user.id)
        let place = places.first { request.organization == nil || $0.organization == request.organization }
        return place.map { (user, $0, assurance) }
    }

    /// The password is at hand only now: a hash of yesterday's cost or pepper becomes one of today's.
    private func renewHash(of user: CrossTenant.User, _ password: String) async throws {
        guard let old = user.password, self.parts.hasher.isOld(old) else { return }
        try await self.parts.crossTenant.replace(old, by: try await self.parts.hasher.hash(password), of: user.id)
    }
}
