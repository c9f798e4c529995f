internal import IdentityDomain
internal import Postgres
internal import Resources
public import Vocabulary

/// Takes the vault over to a new key: seals anew, a batch in a transaction, what was sealed with an older one.
///
/// Nothing that anybody sees of a token changes, so its version stays and there is no event.
struct Resealing: Sendable {
    static let interval: Duration = .seconds(60)
    /// Tokens of one transaction.
    static let batchMax: Int64 = 100

    let parts: IdentityParts
    private var keys: VaultKeyRing { self.parts.vaultKeys }

    /// One look at the whole vault.
    func run() async throws -> ResealedTokens {
        var result = ResealedTokens()
        let used = try await self.keysInUse()
        for former in self.keys.formerIDs where used.contains(former) {
            var last = Identifier(high: 0, low: 0)
            while let end = try await self.batch(under: former, after: last, &result) { last = end }
        }
        result.missingKeys = used.subtracting(self.keys.formerIDs + [self.keys.currentID]).sorted()
        return result
    }

    /// Every name of a key in the vault, by as many index lookups as there are names.
    private func keysInUse() async throws -> Set<String> {
        let rows = try await self.parts.crossTenant.look(
            """
            WITH RECURSIVE used (key_id) AS (
                SELECT (SELECT min(key_id) FROM integration_token)
                UNION ALL
                SELECT (SELECT min(t.key_id) FROM integration_token t WHERE t.key_id > used.key_id) FROM used WHERE key_id IS NOT NULL
            )
            SELECT key_id FROM used WHERE key_id IS NOT NULL
            """,
            []
        )
        return Set(try rows.map { try $0.text("key_id") })
    }

    /// Answers where to go on, or `nil` after the last batch. A token that does not open stays as it is.
    private func batch(
        under key: String,
        after last: Identifier,
        _ result: inout ResealedTokens
    ) async throws -> Identifier? {
        let (sealed, unopened, end) = try await self.parts.crossTenant.change { transaction in
            let rows = try transaction.query(
                """
                SELECT organization_id, id, provider, sealed, key_id FROM integration_token
                WHERE key_id = $1 AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
                """,
                [.text(key), .uuid(last), .int(Self.batchMax)]
            )
            var unopened: [Identifier] = []
            for row in rows where try !self.reseal(row, in: transaction) { unopened.append(try row.uuid("id")) }
            return (rows.count - unopened.count, unopened, rows.count == 0 ? nil : try rows[rows.count - 1].uuid("id"))
        }
        result.count += sealed
        result.unopened += unopened
        return end
    }

    private func reseal(_ row: Row, in transaction: borrowing Transaction) throws -> Bool {
        let place = VaultKeyRing.Place(
            organization: try row.uuid("organization_id"),
            provider: try TokenProvider(stored: try row.text("provider")),
            id: try row.uuid("id")
        )
        guard let secret = try? self.keys.open(try VaultKeyRing.Sealed(row), for: place) else { return false }
        let renewed = try self.keys.seal(secret, for: place)
        try transaction.queue(
            "UPDATE integration_token SET sealed = $3, key_id = $4 WHERE organization_id = $1 AND id = $2",
            [.uuid(place.organization), .uuid(place.id), .bytes(renewed.bytes), .text(renewed.keyID)]
        )
        return true
    }
}

/// What one look at the vault came to.
public struct ResealedTokens: Hashable, Sendable {
    public internal(set) var count = 0
    /// Names of keys that tokens are sealed with and that are not in the file: put back, they open again.
    public internal(set) var missingKeys: [String] = []
    /// Tokens that do not open with the key they name: altered, or moved to another place.
    public internal(set) var unopened: [Identifier] = []

    /// Throws what the operator must know, if anything.
    func check() throws(VaultNeedsHelp) {
        guard self.missingKeys.isEmpty, self.unopened.isEmpty else {
            throw VaultNeedsHelp(missingKeys: self.missingKeys, unopened: self.unopened)
        }
    }
}

/// Tokens of the vault that nobody can be given. They stay as they are.
struct VaultNeedsHelp: Error, Equatable, CustomStringConvertible {
    let missingKeys: [String]
    let unopened: [Identifier]

    var description: String {
        let missing = self.missingKeys.map { "tokens are sealed with the key \"\($0)\", which is not in --vault-keys" }
        let unopened = self.unopened.map { "token \($0) does not open" }
        return (missing + unopened).joined(separator: "; ")
    }
}
