internal import Postgres
internal import Synchronization
internal import Vocabulary

/// Finds out that an API key is used from a network that it was not used from before. Networks are noted in memory by those who resolve
/// keys, away from the request, and looked up in bulk by a sweep. A key's first network is news to nobody.
final class KeyNetworks: Sendable {
    struct Use: Hashable, Sendable {
        let id: Identifier
        let organization: Identifier
        let network: String
    }

    /// More uses between two sweeps are not noted, and more are not remembered: the next ones are.
    static let pendingMax = 10_000
    static let knownMax = 100_000
    /// So many networks of a key are known; a program that is everywhere tells nothing by being somewhere else.
    static let networksOfKeyMax: Int64 = 500
    /// A network that a key was first used from this long ago is new again: nobody remembers it either.
    static let keptSeconds = SecurityEvents.keptSeconds

    private struct State {
        var pending: Set<Use> = []
        /// What the database is known to have, so that most uses cost nothing.
        var known: Set<Use> = []
    }

    private let state = Mutex(State())

    func note(_ id: Identifier, of organization: Identifier, from address: String?) {
        guard let address else { return }
        let use = Use(id: id, organization: organization, network: Throttle.network(of: address))
        self.state.withLock { state in
            guard !state.known.contains(use), state.pending.count < Self.pendingMax else { return }
            state.pending.insert(use)
        }
    }

    /// Writes what was noted, and tells of what is new; answers how many keys that were.
    @discardableResult
    func write(at now: Instant, by crossTenant: CrossTenant) async throws -> Int {
        // In one order everywhere, so that two processes never wait for each other's rows.
        let uses = self.state.withLock { $0.pending }.sorted { ($0.id, $0.network) < ($1.id, $1.network) }
        guard !uses.isEmpty else { return 0 }
        let told = try await crossTenant.change { transaction in
            try uses.count { try Self.isNews($0, at: now, in: transaction) }
        }
        self.state.withLock { state in
            state.pending.subtract(uses)
            if state.known.count + uses.count > Self.knownMax { state.known.removeAll() }
            state.known.formUnion(uses)
        }
        return told
    }

    private static func isNews(_ use: Use, at now: Instant, in transaction: borrowing Transaction) throws -> Bool {
        let keys = try transaction.query(
            """
            SELECT k.name, m.user_id, (SELECT count(*) FROM api_key_network n
                WHERE n.organization_id = k.organization_id AND n.api_key_id = k.id) AS networks
            FROM api_key k JOIN organization_member m ON m.organization_id = k.organization_id AND m.id = k.member_id
            WHERE k.organization_id = $1 AND k.id = $2 FOR UPDATE OF k
            """,
            [.uuid(use.organization), .uuid(use.id)]
        )
        guard let key = keys.first, try key.int("networks") < Self.networksOfKeyMax else { return false }
        let added = try transaction.query(
            """
            INSERT INTO api_key_network (organization_id, api_key_id, network, first_used_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT DO NOTHING
            """,
            [.uuid(use.organization), .uuid(use.id), .text(use.network), .instant(now)]
        ).affected
        guard added == 1, try key.int("networks") > 0 else { return false }
        try SecurityEvents.observe(
            use,
            madeBy: try key.uuid("user_id"),
            named: try key.text("name"),
            at: now,
            in: transaction
        )
        return true
    }
}
