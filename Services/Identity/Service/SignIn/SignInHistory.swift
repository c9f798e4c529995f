internal import Postgres
internal import Vocabulary

/// When somebody signed in or failed to, for the person and for investigations.
enum SignInHistory {
    enum Outcome: String, Sendable {
        case signedIn = "signed_in"
        case wrongPassword = "wrong_password"
    }

    /// - Parameter userAgent: as much of it as is kept (``Device/kept(_:)``).
    static func record(
        _ outcome: Outcome,
        of user: Identifier,
        from address: String?,
        _ userAgent: String?,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        try transaction.queue(
            """
            INSERT INTO sign_in_history (id, user_id, outcome, remote_address, user_agent, attempted_at)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                .uuid(Identifier.next(at: now)), .uuid(user), .text(outcome.rawValue),
                address.map(SQLValue.text) ?? .null, userAgent.map(SQLValue.text) ?? .null, .instant(now),
            ]
        )
    }
}
