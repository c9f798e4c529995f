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
    .session(.begins)
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
            let context = context.namingDevice(self.parts.sessions.random)
            let (proved, place) = try await self.parts.throttle.attempt(email, context) {
                try await self.verified(email, request, context)
            }
            try await self.renewHash(of: proved.user, request.password)
            return try await SignedIn.begin(
                at: place,
                as: proved.user.id,
                by: proved.beginning,
                leaving: try await Arrival(of: .known(proved), context, self.parts),
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
    ) async throws -> (Proved, CrossTenant.Place)? {
        let known = try await self.parts.crossTenant.user(email)
        let proof = PasswordProof(parts: self.parts)
        guard let proved = try await proof.given(by: known, request.password, request.code, context) else { return nil }
        let places = try await self.parts.crossTenant.places(of: proved.user.id)
        let place = places.first { request.organization == nil || $0.organization == request.organization }
        return place.map { (proved, $0) }
    }

    /// The password is at hand only now: a hash of yesterday's cost or pepper becomes one of today's.
    private func renewHash(of user: CrossTenant.User, _ password: String) async throws {
        guard let old = user.password, self.parts.hasher.isOld(old) else { return }
        try await self.parts.crossTenant.replace(old, by: try await self.parts.hasher.hash(password), of: user.id)
    }
}
