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
    func whileCancelling(_ engagement: String, _ second: @escaping @Sendable () async throws -> Void) async throws {
        let organization = self.service.organization
        try await self.service.meeting(
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
}
