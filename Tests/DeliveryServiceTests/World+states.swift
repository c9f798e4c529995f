internal import Postgres
internal import TestKit
internal import Vocabulary

/// States and moments that no sequence of requests reaches, or reaches at will.
extension World {
    /// Puts a row into a state without asking its machine, so that every pair of states can be looked at.
    func put(_ id: String, _ table: SQL, _ status: String) async throws {
        let service = self.service
        let closing: SQL =
            table == "task"
            ? "completed_at = CASE WHEN $3 = 'completed' THEN now() END"
            : "closed_at = CASE WHEN $3 IN ('completed', 'cancelled') THEN now() END"
        try await service.database.transaction(.organization(service.organization)) { transaction in
            try transaction.queue(
                "UPDATE " + table + " SET status = $3, " + closing + " WHERE organization_id = $1 AND id = $2",
                [.uuid(service.organization), .text(id), .text(status)]
            )
        }
    }

    /// Does `second` while the engagement is being cancelled on another connection.
    func whileCancelling(_ engagement: String, _ second: @Sendable () async throws -> Void) async throws {
        let organization = self.service.organization
        try await self.meeting(
            { transaction in
                _ = try transaction.query(
                    """
                    UPDATE engagement SET status = 'cancelled', closed_at = now()
                    WHERE organization_id = $1 AND id = $2 RETURNING id
                    """,
                    [.uuid(organization), .text(engagement)]
                )
            },
            second
        )
    }

    private static let waiting: SQL = """
        SELECT pid FROM pg_locks
        WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
        """

    /// Does `second` while `first`, which ends with a query, is done and not committed: it is once somebody waits for it.
    func meeting(
        _ first: @escaping @Sendable (borrowing Transaction) throws -> Void,
        _ second: @Sendable () async throws -> Void
    ) async throws {
        let isPending = Toggle()
        let service = self.service
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await service.database.transaction(.organization(service.organization)) { transaction in
                    try first(transaction)
                    isPending.set(false)
                    // It ends once the other is seen to wait, or after five seconds if that never comes.
                    for _ in 0..<500 {
                        guard try transaction.query(Self.waiting).isEmpty else { return }
                        _ = try transaction.query("SELECT pg_sleep(0.01)")
                    }
                }
            }
            try await eventually("the first has its locks") { !isPending.isOn }
            try await second()
            try await group.waitForAll()
        }
    }
}
