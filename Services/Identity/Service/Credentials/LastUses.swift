internal import Postgres
internal import Synchronization
internal import Vocabulary

/// When credentials were last used, to the minute: noted in memory by those who resolve them, written in bulk by a sweep.
final class LastUses: Sendable {
    enum Kind: Hashable, Sendable { case session, apiKey }

    struct Use: Hashable, Sendable {
        let kind: Kind
        let id: Identifier
        let organization: Identifier
    }

    /// A use within this long of the recorded one is not recorded.
    static let resolutionSeconds: Int64 = 60
    /// More uses between two sweeps are not recorded: the next ones are.
    static let pendingMax = 10_000

    private let pending = Mutex<Set<Use>>([])

    func note(_ kind: Kind, _ id: Identifier, of organization: Identifier, lastAt: Instant?, at now: Instant) {
        if let lastAt, now < lastAt.advanced(bySeconds: Self.resolutionSeconds) { return }
        let use = Use(kind: kind, id: id, organization: organization)
        self.pending.withLock { pending in
            if pending.count < Self.pendingMax { pending.insert(use) }
        }
    }

    /// Writes what was noted; what cannot be written now is lost, and noted again by the next use.
    func write(at now: Instant, by crossTenant: CrossTenant) async throws {
        let uses = self.pending.withLock { pending in
            defer { pending.removeAll() }
            return pending
        }
        guard !uses.isEmpty else { return }
        try await crossTenant.change { transaction in
            for (kind, statement) in Self.statements {
                // In one order everywhere, so that two processes never wait for each other's rows.
                let some = uses.filter { $0.kind == kind }.sorted { $0.id < $1.id }
                guard !some.isEmpty else { continue }
                try transaction.queue(
                    statement,
                    [.uuids(some.map(\.organization)), .uuids(some.map(\.id)), .instant(now)]
                )
            }
        }
    }

    private static let statements: [(Kind, SQL)] = [
        (.session, LastUses.statement("session")), (.apiKey, LastUses.statement("api_key")),
    ]

    /// At the time of the organization whose credential it is.
    private static func statement(_ table: SQL) -> SQL {
        "UPDATE " + table + " AS c SET " + """
            last_used_at = $3::timestamptz + o.clock_ahead_seconds * interval '1 second'
            FROM unnest($1::uuid[], $2::uuid[]) AS used (organization_id, id) JOIN organization o ON o.id = used.organization_id
            WHERE c.organization_id = used.organization_id AND c.id = used.id
                AND (c.last_used_at IS NULL OR c.last_used_at < $3::timestamptz + o.clock_ahead_seconds * interval '1 second')
            """
    }
}
