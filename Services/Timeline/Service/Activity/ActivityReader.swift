internal import Contracts
internal import Postgres
internal import Vocabulary

/// Reads entries by their place in the sequence.
struct ActivityReader: Sendable {
    let database: Database

    /// The newest entry's sequence; 0 before the first.
    func head(of organization: Identifier, deadline: Instant? = nil) async throws(SQLFault) -> Int64 {
        let rows = try await self.database.read(
            .organization(organization),
            "SELECT last_seq FROM activity_head WHERE organization_id = $1",
            [.uuid(organization)],
            deadline: deadline
        )
        return rows.isEmpty ? 0 : try rows[0].int("last_seq")
    }

    /// Up to `limit` entries behind `sequence`, oldest first.
    ///
    /// `floor` is the time of an entry that is known to come before them; without one the month is looked up, so that
    /// partitions which cannot hold them are never opened.
    func entries(
        _ shape: SQL,
        of organization: Identifier,
        after sequence: Int64,
        upTo last: Int64 = .max,
        floor: Instant? = nil,
        limit: Int,
        deadline: Instant? = nil
    ) async throws(SQLFault) -> Rows {
        // One more than the last there could be is no number any more.
        let after = min(sequence, .max - 1)
        var bindings: [SQLValue] = [.uuid(organization), .int(after), .int(last), .int(Int64(limit))]
        var bound: SQL = """
            coalesce((SELECT m.recorded_from FROM activity_month m WHERE m.organization_id = $1 AND m.first_seq <= $2::bigint + 1
                ORDER BY m.first_seq DESC LIMIT 1), '-infinity'::timestamptz)
            """
        if let floor {
            bindings.append(.instant(floor))
            bound = "$5::timestamptz"
        }
        return try await self.database.read(
            .organization(organization),
            shape + " WHERE organization_id = $1 AND seq > $2 AND seq <= $3 AND recorded_at >= " + bound
                + " ORDER BY seq LIMIT $4",
            bindings,
            deadline: deadline
        )
    }
}
