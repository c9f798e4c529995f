internal import Contracts
internal import Postgres
internal import Vocabulary

/// Writes down sign-ins that failed. What is known of the person is looked up later, by a worker: so that nobody learns from the time
/// of an answer whether an address is known.
struct SignInFailures: Sendable {
    /// How often the worker looks.
    static let interval: Duration = .milliseconds(500)
    static let pageRowsMax: Int64 = 200

    let crossTenant: CrossTenant

    /// - Parameter user: whose address it was, or nobody's: the statement is the same.
    func note(of user: Identifier?, _ context: CallContext) async throws {
        try await self.crossTenant.change { transaction in
            try transaction.queue(
                """
                INSERT INTO sign_in_failure (id, user_id, remote_address, user_agent, attempted_at)
                VALUES ($1, $2, $3, $4, $5)
                """,
                [
                    .uuid(Identifier.next(at: context.wallTime)), user.map(SQLValue.uuid) ?? .null,
                    context.remoteAddress.map(SQLValue.text) ?? .null,
                    Device.kept(context.userAgent).map(SQLValue.text) ?? .null, .instant(context.wallTime),
                ]
            )
        }
    }

    /// Tells those concerned; answers how many failures there were.
    func write() async throws -> Int {
        var total = 0
        var written = 0
        repeat {
            written = try await self.crossTenant.change { try self.writePage(in: $0) }
            total += written
        } while written == Int(Self.pageRowsMax)
        return total
    }

    private func writePage(in transaction: borrowing Transaction) throws -> Int {
        let failures = try transaction.query(
            """
            DELETE FROM sign_in_failure WHERE id IN
                (SELECT id FROM sign_in_failure ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
            RETURNING user_id, remote_address, user_agent, attempted_at
            """,
            [.int(Self.pageRowsMax)]
        )
        for failure in failures {
            guard let user = try failure.uuidOrNil("user_id") else { continue }
            let address = try failure.textOrNil("remote_address")
            let attemptedAt = try failure.instant("attempted_at")
            try SignInHistory.record(
                .wrongPassword,
                of: user,
                from: address,
                try failure.textOrNil("user_agent"),
                at: attemptedAt,
                in: transaction
            )
            try SecurityEvents.observe(.refused, at: user, from: address, at: attemptedAt, in: transaction)
        }
        return failures.count
    }
}
