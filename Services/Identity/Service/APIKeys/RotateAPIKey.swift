internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Gives an API key another secret.
struct RotateAPIKey: Operation {
    static let declaration = OperationDeclaration(
        "identity.api_key.rotate",
        .post("/v1/api-keys/{id}/rotate"),
        access: APIKeys.access,
        "Give an API key another secret."
    )
    .described(
        """
        `token` is in this answer and nowhere else, ever. The secret before works for another `overlap_seconds`, but no longer than \
        the key itself; a key has two at most, so that rotating it again ends the older one at once. Name, scopes and end stay. There \
        is no Idempotency-Key here: a stored answer would hold the secret.
        """
    )
    .notRehearsed()
    .stepUp()
    .body([
        .integer("overlap_seconds", 0...KeyRotation.overlapSecondsMax)
            .defaulting(to: .int(KeyRotation.overlapSecondsDefault))
            .described("How long the secret before goes on working; 0 ends it now.").example(3_600)
    ])
    .answers(APIKeys.withSecret)
    .faults(.notFound, .conflict, .invalidTransition, .stale, .validationFailed)
    .emits("api_key.rotated")

    let id: Identifier
    let overlapSeconds: Int64

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.overlapSeconds = try input.integer("overlap_seconds")
    }
}

/// Serves rotations.
struct KeyRotations: Sendable {
    let parts: IdentityParts

    static let event = EventDeclaration(
        "api_key.rotated",
        .updated,
        "An API key was given another secret; the one before may work for a while.",
        fields: [.object("data", Resource.apiKey.told), .document("previous")]
    )

    func register(in router: inout Router) {
        router.serve(RotateAPIKey.self) { request, context in try await self.rotate(request, context) }
        router.publishes([Self.event])
    }

    private func rotate(_ request: RotateAPIKey, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let keys = self.parts.apiKeys
        let token = Token.make(.apiKey, self.parts.random)
        return try await self.parts.persistence.commands.run(RotateAPIKey.declaration, context) { transaction in
            let before = try keys.lock(request.id, for: caller.organization, in: transaction)
            try before.require(context.ifMatch)
            let rotation = try KeyRotation(
                at: context.now,
                overlapSeconds: request.overlapSeconds,
                revokedAt: try before.row.instantOrNil("revoked_at"),
                expiresAt: try before.row.instantOrNil("expires_at")
            )
            let hasFormer = rotation.formerUntil != nil
            let after = try keys.update(
                before,
                Values([
                    "prefix": .text(token.shown),
                    "token_sha256": token.sha256Value,
                    "rotated_at": .instant(context.now),
                    "former_prefix": hasFormer ? .text(try before.row.text("prefix")) : .null,
                    "former_token_sha256": hasFormer ? .text(try before.row.text("token_sha256")) : .null,
                    "former_until": rotation.formerUntil.map(Value.instant) ?? .null,
                ]),
                for: caller.organization,
                at: context.now,
                in: transaction
            )
            // Gateways ask again: what they know of the secret before has another end now.
            try self.parts.revocations.revoke(of: caller.organization, subject: after.id, in: transaction)
            return Outcome(
                Reply(body: try APIKeys.answer(after, showing: token), etag: after.version),
                events: [keys.event("rotated", .updated, after, previous: before, because: cause)]
            )
        }
    }
}
