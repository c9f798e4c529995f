internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Gives a token to the service that works with its provider, and to no other process. The only way by which one leaves the vault.
struct OpenIntegrationToken: Operation {
    static let declaration = OperationDeclaration(
        "identity.integration_token.open",
        nil,
        access: .peers,
        "The secret of an organization's token for a provider."
    )
    .described("For the one service that works with the provider; to every other there is no such token.")
    .body([.identifier("organization_id").required(), .choice("provider", TokenProvider.self).required()])
    .answers(
        .object(
            "OpenedIntegrationToken",
            [
                .identifier("id"), .text("secret", max: IntegrationTokens.secretLengthMax).redacted(.token),
                .instant("expires_at").nullable(),
            ]
        )
    )
    .faults(.notFound)
    .emits("integration_token.used")

    let organization: Identifier
    let provider: TokenProvider

    init(_ input: Values) throws(Fault) {
        self.organization = try input.identifier("organization_id")
        self.provider = try TokenProvider(stored: try input.text("provider"))
    }
}

/// Serves what the vault does for other services.
struct Vault: Sendable {
    let parts: IdentityParts

    private static let unknown = Fault.notFound(Resource.integrationToken.label)

    func register(in router: inout Router) {
        router.serve(OpenIntegrationToken.self) { request, context in try await self.open(request, context) }
    }

    private func open(_ request: OpenIntegrationToken, _ context: CallContext) async throws -> Reply {
        guard let reader = context.peer, reader == request.provider.reader else { throw Self.unknown }
        let organization = request.organization
        let store = self.parts.integrationTokens
        return try await self.parts.persistence.database.transaction(
            .organization(organization),
            deadline: context.deadline
        ) { transaction in
            let tokens = try store.rows(
                where: "provider = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3) FOR UPDATE",
                [.text(request.provider.rawValue), .instant(context.now)],
                for: organization,
                in: transaction
            )
            guard let token = tokens.first else { throw Self.unknown }
            let secret = try self.secret(of: token, in: organization)
            let after = try store.update(
                token,
                Values(["last_used_at": .instant(context.now)]),
                for: organization,
                at: context.now,
                in: transaction
            )
            let cause = Cause(
                actor: .identity,
                organization: organization,
                causation: context.requestID,
                correlation: context.requestID,
                now: context.now
            )
            let used = store.event("used", .updated, after, extra: ["reader": .string(reader)], because: cause)
            try self.parts.persistence.log.append([used], in: transaction)
            let answer: JSON = [
                "id": .string(token.id.description), "secret": .string(secret),
                "expires_at": try token.row.instantOrNil("expires_at").map { .string($0.description) } ?? .null,
            ]
            return Reply(body: answer.bytes)
        }
    }

    /// What gives nothing is no use, changes nothing, and is an error of ours: the log says which token, and why.
    private func secret(of token: Stored, in organization: Identifier) throws -> String {
        do {
            let place = try VaultKeyRing.Place(token, of: organization)
            return String(
                decoding: try self.parts.vaultKeys.open(try VaultKeyRing.Sealed(token.row), for: place),
                as: UTF8.self
            )
        } catch let failure as VaultKeyRing.Failure {
            throw UnopenedToken(id: token.id, failure: failure)
        }
    }
}

/// A token that is in the vault and does not open.
struct UnopenedToken: Error, CustomStringConvertible {
    let id: Identifier
    let failure: VaultKeyRing.Failure

    var description: String { "integration token \(self.id) does not open: \(self.failure)" }
}

extension VaultKeyRing.Place {
    init(_ token: Stored, of organization: Identifier) throws {
        self.init(
            organization: organization,
            provider: try TokenProvider(stored: try token.row.text("provider")),
            id: token.id
        )
    }
}

extension VaultKeyRing.Sealed {
    /// As a row that is not revoked has it.
    init(_ row: Row) throws {
        guard let bytes = Hexadecimal.decode(String(try row.text("sealed").dropFirst(2))) else {
            throw Fault(.internalError, "a sealed token is no bytea")
        }
        self.init(bytes: bytes, keyID: try row.text("key_id"))
    }

    /// As the columns take it.
    var values: Values {
        Values(["sealed": .text("\\x" + Hexadecimal.encode(self.bytes)), "key_id": .text(self.keyID)])
    }
}
