public import Postgres
public import Vocabulary

/// How many events of all organizations are set aside here, for whoever watches the installation.
public enum ParkedCounts {
    public static let states = ["parked", "blocked"]

    /// One count for each of `states`, in their order.
    public static func read(_ database: Database, deadline: Instant?) async throws(SQLFault) -> [Int64] {
        let rows = try await database.read(
            .system,
            "SELECT state, count(*) AS count FROM parked_event WHERE state IN ('parked', 'blocked') GROUP BY state",
            [],
            deadline: deadline
        )
        var counts: [String: Int64] = [:]
        for index in 0..<rows.count { counts[try rows[index].text("state")] = try rows[index].int("count") }
        return self.states.map { counts[$0] ?? 0 }
    }
}
