internal import Postgres
internal import Vocabulary

extension CrossTenant {
    /// How long tokens are kept after they ended, so that a replayed one is still known to be somebody's.
    static let tokensKeptSeconds: Int64 = 7 * 86_400
    /// How long it is known that there was a session after its time is over: longer than its tokens, which belong to it.
    static let sessionsKeptSeconds: Int64 = 30 * 86_400
    /// How long links for new passwords are kept after they ended.
    static let resetsKeptSeconds: Int64 = 86_400
    static let historyKeptSeconds: Int64 = 180 * 86_400
    /// Rows one statement deletes, so that none holds locks for long.
    static let sweepRowsMax: Int64 = 1_000

    /// Deletes what has served its purpose, in pages; answers how many rows that were.
    func sweep(at now: Instant) async throws -> Int {
        var total = 0
        for (statement, keptSeconds) in Self.sweeps {
            var affected = 0
            repeat {
                affected = try await self.change { transaction in
                    try transaction.query(
                        statement,
                        [.instant(now.advanced(bySeconds: -keptSeconds)), .int(Self.sweepRowsMax)]
                    ).affected
                }
                total += affected
            } while affected == Int(Self.sweepRowsMax)
        }
        return total
    }

    private static let sweeps: [(statement: SQL, keptSeconds: Int64)] = [
        (
            """
            DELETE FROM session_token WHERE token_sha256 IN
                (SELECT token_sha256 FROM session_token WHERE expires_at < $1 LIMIT $2)
            """,
            Self.tokensKeptSeconds
        ),
        (
            """
            DELETE FROM session WHERE (organization_id, id) IN
                (SELECT organization_id, id FROM session WHERE expires_at < $1 LIMIT $2)
            """,
            Self.sessionsKeptSeconds
        ),
        (
            """
            DELETE FROM sign_in_attempt WHERE (kind, key) IN
                (SELECT kind, key FROM sign_in_attempt WHERE window_end < $1 AND coalesce(blocked_until, $1) <= $1 LIMIT $2)
            """,
            0
        ),
        (
            """
            DELETE FROM password_reset WHERE token_sha256 IN
                (SELECT token_sha256 FROM password_reset WHERE expires_at < $1 LIMIT $2)
            """,
            Self.resetsKeptSeconds
        ),
        (
            "DELETE FROM sign_in_history WHERE id IN (SELECT id FROM sign_in_history WHERE attempted_at < $1 LIMIT $2)",
            Self.historyKeptSeconds
        ),
        (
            "DELETE FROM credential_revocation WHERE id IN (SELECT id FROM credential_revocation WHERE revoked_at < $1 LIMIT $2)",
            Revocations.keptSeconds
        ),
        (
            "DELETE FROM known_device WHERE device IN (SELECT device FROM known_device WHERE seen_at < $1 LIMIT $2)",
            Self.historyKeptSeconds
        ),
        (
            """
            DELETE FROM security_event WHERE (organization_id, id) IN
                (SELECT organization_id, id FROM security_event WHERE created_at < $1 LIMIT $2)
            """,
            SecurityEvents.keptSeconds
        ),
        (
            """
            DELETE FROM api_key_network WHERE (organization_id, api_key_id, network) IN
                (SELECT organization_id, api_key_id, network FROM api_key_network WHERE first_used_at < $1 LIMIT $2)
            """,
            KeyNetworks.keptSeconds
        ),
    ]
}
