internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Puts a token into the vault.
struct StoreIntegrationToken: Operation {
    static let declaration = OperationDeclaration(
        "identity.integration_token.create",
        .post("/v1/integration-tokens"),
        access: APIKeys.access,
        "Put a token of another service into the vault."
    )
    .described(
        """
        One for each provider. Nothing answers the secret again: it leaves the vault only for the service that works with the provider, and \
        each use is an event.
        """
    )
    .notRehearsed()
    .body(Resource.integrationToken.visible + [IntegrationTokens.secret])
    .answers(.object("IntegrationToken", Resource.integrationToken.visible), status: 201)
    .stepUp()
    .faults(.validationFailed, .conflict)
    .emits("integration_token.stored")

    let provider: TokenProvider
    let name: String
    let secret: String
    let expiresAt: Instant?

    init(_ input: Values) throws(Fault) {
        self.provider = try TokenProvider(stored: try input.text("provider"))
        self.name = try input.text("name")
        self.secret = try input.text("secret")
        self.expiresAt = input.optionalInstant("expires_at")
    }
}

/// Puts another secret in a token's place.
struct ReplaceIntegrationToken: Operation {
    static let declaration = OperationDeclaration(
        "identity.integration_token.replace",
        .post("/v1/integration-tokens/{id}/replace"),
        access: APIKeys.access,
        "Replace the secret of a token."
    )
    .described(
        "Whoever asks for the token next is given the new one. Its end is replaced with it: `null` or nothing is none."
    )
    .notRehearsed()
    .body([IntegrationTokens.secret, .instant("expires_at").nullable()])
    .answers(.object("IntegrationToken", Resource.integrationToken.visible))
    .stepUp()
    .faults(.notFound, .invalidTransition, .stale, .validationFailed)
    .emits("integration_token.replaced")

    let id: Identifier
    let secret: String
    let expiresAt: Instant?

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.secret = try input.text("secret")
        self.expiresAt = input.optionalInstant("expires_at")
    }
}

/// Takes a token out of the vault.
struct RevokeIntegrationToken: Operation {
    static let declaration = OperationDeclaration(
        "identity.integration_token.revoke",
        .post("/v1/integration-tokens/{id}/revoke"),
        access: APIKeys.access,
        "Revoke a token."
    )
    .described("Its secret is deleted; what it was stays in the list. Have the other service end it too.")
    .answers(.object("IntegrationToken", Resource.integrationToken.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale)
    .emits("integration_token.revoked")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Serves those who look after the vault.
struct IntegrationTokens: Sendable {
    static let secretLengthMax = 8_000
    static let secret = Field.text("secret", max: Self.secretLengthMax).required().redacted(.token)
        .described("As the other service gave it.").example("example-refresh-token")

    let parts: IdentityParts
    private var store: ResourceStore { self.parts.integrationTokens }

    static let events: [EventDeclaration] = {
        let data: [Field] = [.object("data", Resource.integrationToken.told)]
        return [
            EventDeclaration("integration_token.stored", .created, "A token was put into the vault.", fields: data),
            EventDeclaration("integration_token.replaced", .updated, "A token has another secret.", fields: data),
            EventDeclaration("integration_token.revoked", .statusChanged, "A token was revoked.", fields: data),
            EventDeclaration(
                "integration_token.used",
                .updated,
                "A token was given to the service that works with its provider.",
                fields: data + [.text("reader", max: 63).described("That service.")]
            ),
        ]
    }()

    func register(in router: inout Router) {
        self.parts.persistence.serve(.integrationToken, in: &router)
        router.serve(StoreIntegrationToken.self) { request, context in try await self.create(request, context) }
        router.serve(ReplaceIntegrationToken.self) { request, context in try await self.replace(request, context) }
        router.serve(RevokeIntegrationToken.self) { request, context in try await self.revoke(request, context) }
        router.publishes(Self.events)
    }

    private func create(_ request: StoreIntegrationToken, _ context: CallContext) async throws -> Reply {
        let cause = try context.cause()
        try Self.requireFuture(request.expiresAt, context.wallTime)
        let id = Identifier.next(at: context.now)
        let place = VaultKeyRing.Place(organization: cause.organization, provider: request.provider, id: id)
        var values = try self.parts.vaultKeys.seal(Array(request.secret.utf8), for: place).values
        values["provider"] = .text(request.provider.rawValue)
        values["name"] = .text(request.name)
        values["expires_at"] = request.expiresAt.map(Value.instant) ?? .null
        return try await self.parts.persistence.commands.run(StoreIntegrationToken.declaration, context) {
            [values] transaction in
            let token = try self.store.insert(
                values,
                id: id,
                for: cause.organization,
                at: context.now,
                in: transaction
            )
            return Outcome(
                token.reply(status: 201, location: "/v1/integration-tokens/\(token.id)"),
                events: [self.store.event("stored", .created, token, because: cause)]
            )
        }
    }

    private func replace(_ request: ReplaceIntegrationToken, _ context: CallContext) async throws -> Reply {
        let cause = try context.cause()
        try Self.requireFuture(request.expiresAt, context.wallTime)
        return try await self.parts.persistence.commands.run(ReplaceIntegrationToken.declaration, context) {
            transaction in
            let before = try self.live(request.id, becoming: "replaced", context, cause, in: transaction)
            let place = try VaultKeyRing.Place(before, of: cause.organization)
            var values = try self.parts.vaultKeys.seal(Array(request.secret.utf8), for: place).values
            values["expires_at"] = request.expiresAt.map(Value.instant) ?? .null
            values["replaced_at"] = .instant(context.now)
            return try self.save(values, over: before, "replaced", .updated, cause, in: transaction)
        }
    }

    private func revoke(_ request: RevokeIntegrationToken, _ context: CallContext) async throws -> Reply {
        let cause = try context.cause()
        return try await self.parts.persistence.commands.run(RevokeIntegrationToken.declaration, context) {
            transaction in
            let before = try self.live(request.id, becoming: "revoked", context, cause, in: transaction)
            let values = Values(["revoked_at": .instant(context.now), "sealed": .null, "key_id": .null])
            return try self.save(values, over: before, "revoked", .statusChanged, cause, in: transaction)
        }
    }

    // MARK: - Steps

    /// By the machines' time, in a sandbox too: it is the provider who ends its token.
    private static func requireFuture(_ expiresAt: Instant?, _ now: Instant) throws(Rejection) {
        guard let expiresAt, expiresAt <= now else { return }
        throw .invalid("/expires_at", code: "past", "A token that has expired is of no use.")
    }

    private func live(
        _ id: Identifier,
        becoming next: String,
        _ context: CallContext,
        _ cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Stored {
        let token = try self.store.lock(id, for: cause.organization, in: transaction)
        try token.require(context.ifMatch)
        guard try token.row.instantOrNil("revoked_at") == nil else {
            throw Rejection.transition("The token", from: "revoked", to: next, allowed: [])
        }
        return token
    }

    private func save(
        _ values: Values,
        over before: Stored,
        _ event: String,
        _ activity: Activity,
        _ cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Outcome {
        let after = try self.store.update(before, values, for: cause.organization, at: cause.now, in: transaction)
        return Outcome(after.reply(), events: [self.store.event(event, activity, after, because: cause)])
    }
}
