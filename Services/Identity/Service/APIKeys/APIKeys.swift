internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Makes an API key.
struct CreateAPIKey: Operation {
    static let declaration = OperationDeclaration(
        "identity.api_key.create",
        .post("/v1/api-keys"),
        access: APIKeys.access,
        "Make an API key."
    )
    .described(
        """
        `token` is in this answer and nowhere else, ever. A key has the scopes you give it, as long as your own role has them. \
        There is no Idempotency-Key here: a stored answer would hold the secret.
        """
    )
    .body(Resource.apiKey.visible)
    .answers(APIKeys.withSecret, status: 201)
    .stepUp()
    .faults(.validationFailed)
    .emits("api_key.created")

    let name: String
    let scopes: [Scope]
    let expiresAt: Instant?

    init(_ input: Values) throws(Fault) {
        self.name = try input.text("name")
        self.scopes = Set(input.texts("scopes").compactMap(Scope.init)).sorted()
        self.expiresAt = input.optionalInstant("expires_at")
    }
}

/// Ends an API key.
struct RevokeAPIKey: Operation {
    static let declaration = OperationDeclaration(
        "identity.api_key.revoke",
        .post("/v1/api-keys/{id}/revoke"),
        access: APIKeys.access,
        "Revoke an API key."
    )
    .described("It stops working at once and stays in the list.")
    .answers(.object("ApiKey", Resource.apiKey.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale)
    .emits("api_key.revoked")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// The same by the HTTP method.
struct DeleteAPIKey: Operation {
    static let declaration = OperationDeclaration(
        "identity.api_key.delete",
        .delete("/v1/api-keys/{id}"),
        access: APIKeys.access,
        "Revoke an API key."
    )
    .described("As `revoke`, and it may be repeated.")
    .answersNothing()
    .faults(.notFound, .stale)
    .emits("api_key.revoked")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Serves API keys. Only people manage them: the scope `session` is one that no key can have.
struct APIKeys: Sendable {
    static let access = Access(.role(.admin), scope: "session")
    /// A key with its secret, as it is answered once.
    static let withSecret = OperationDeclaration.Output.object(
        "NewApiKey",
        Resource.apiKey.visible + [.text("token", max: 64).redacted(.token)]
    )

    private let parts: IdentityParts
    private var store: ResourceStore { self.parts.apiKeys }

    static let events: [EventDeclaration] = [
        EventDeclaration(
            "api_key.created",
            .created,
            "An API key was made.",
            fields: [.object("data", Resource.apiKey.told)]
        ),
        EventDeclaration(
            "api_key.revoked",
            .statusChanged,
            "An API key was revoked.",
            fields: [.object("data", Resource.apiKey.told)]
        ),
    ]

    init(_ parts: IdentityParts) { self.parts = parts }

    /// A key acts with its maker's role, but never as an owner: what only owners may do needs a person.
    static func role(ofKeyMadeBy maker: Role) -> Role { min(maker, .admin) }

    func register(in router: inout Router) {
        router.serve(CreateAPIKey.self) { request, context in try await self.create(request, context) }
        router.serve(RevokeAPIKey.self) { request, context in
            try await self.revoke(request.id, RevokeAPIKey.declaration, context) { throw Self.alreadyRevoked }
        }
        router.serve(DeleteAPIKey.self) { request, context in
            _ = try await self.revoke(request.id, DeleteAPIKey.declaration, context) {}
            return .nothing
        }
        router.publishes(Self.events)
    }

    private static let alreadyRevoked = Rejection.transition("The API key", from: "revoked", to: "revoked", allowed: [])

    private func create(_ request: CreateAPIKey, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        try Scope.require(request.scopes, grantableBy: caller.role)
        if let expiresAt = request.expiresAt, expiresAt <= context.now {
            throw Rejection.invalid("/expires_at", code: "past", "A key that has expired is of no use.")
        }
        let token = Token.make(.apiKey, self.parts.random)
        return try await self.parts.persistence.commands.run(CreateAPIKey.declaration, context) { transaction in
            let makers = try self.parts.members.rows(
                where: "user_id = $2 FOR SHARE",
                [.uuid(caller.subject)],
                for: caller.organization,
                in: transaction
            )
            guard let maker = makers.first else {
                throw Fault(.forbidden, "You do not belong to this organization any more.")
            }
            let key = try self.store.insert(
                Values([
                    "name": .text(request.name),
                    "prefix": .text(token.shown),
                    "scopes": .list(request.scopes.map { .text($0.description) }),
                    "member_id": .identifier(maker.id),
                    "expires_at": request.expiresAt.map(Value.instant) ?? .null,
                    "token_sha256": token.sha256Value,
                ]),
                for: caller.organization,
                at: context.now,
                in: transaction
            )
            let reply = Reply(
                status: 201,
                body: try Self.answer(key, showing: token),
                etag: key.version,
                location: "/v1/api-keys/\(key.id)"
            )
            return Outcome(reply, events: [self.store.event("created", .created, key, because: cause)])
        }
    }

    static func answer(_ key: Stored, showing token: Token) throws -> [UInt8] {
        guard case .object(var answer) = try JSON(parsing: key.json) else {
            throw Fault(.internalError, "a row is no object")
        }
        answer["token"] = .string(token.text)
        return JSON.object(answer).bytes
    }

    private func revoke(
        _ id: Identifier,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        whereRevoked: @escaping @Sendable () throws -> Void
    ) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        return try await self.parts.persistence.commands.run(declaration, context) { transaction in
            let key = try self.store.lock(id, for: caller.organization, in: transaction)
            try key.require(context.ifMatch)
            guard try key.row.instantOrNil("revoked_at") == nil else {
                try whereRevoked()
                return Outcome(key.reply())
            }
            let (after, event) = try self.revoke(key, because: cause, in: transaction)
            return Outcome(after.reply(), events: [event])
        }
    }

    private func revoke(
        _ key: Stored,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> (Stored, EventRecord) {
        let after = try self.store.update(
            key,
            Values(["revoked_at": .instant(cause.now)]),
            for: cause.organization,
            at: cause.now,
            in: transaction
        )
        try self.parts.revocations.revoke(of: cause.organization, subject: key.id, in: transaction)
        return (after, self.store.event("revoked", .statusChanged, after, because: cause))
    }

    /// Revokes every live key that a member made.
    func revokeAll(
        of member: Identifier,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let keys = try self.store.rows(
            where: "member_id = $2 AND revoked_at IS NULL ORDER BY id FOR UPDATE",
            [.uuid(member)],
            for: cause.organization,
            in: transaction
        )
        return try keys.map { try self.revoke($0, because: cause, in: transaction).1 }
    }
}
