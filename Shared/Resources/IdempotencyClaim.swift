internal import Contracts
internal import Postgres
internal import Vocabulary

/// A caller's claim on an idempotency key, in the transaction of the command it protects (RELIABILITY section 4).
struct IdempotencyClaim: Sendable {
    let caller: Caller
    let operation: String
    let key: String
    let requestHash: [UInt8]

    private var identity: [SQLValue] {
        [.uuid(self.caller.organization), .uuid(self.caller.subject), .text(self.operation), .text(self.key)]
    }

    /// Takes the key, or answers what was stored with it. Waits for a concurrent holder to commit or give up.
    func take(at now: Instant, in transaction: borrowing Transaction) throws -> Commands.Settled? {
        let taken = try transaction.query(
            """
            INSERT INTO idempotency_key (organization_id, principal, operation, key, request_hash, created_at)
            VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING 1 AS taken
            """,
            self.identity + [.bytes(self.requestHash), .instant(now)]
        )
        guard taken.count == 0 else { return nil }
        // READ COMMITTED: this statement sees what the winner has committed.
        let rows = try transaction.query(
            """
            SELECT request_hash, status, location, etag, body FROM idempotency_key
            WHERE organization_id = $1 AND principal = $2 AND operation = $3 AND key = $4
            """,
            self.identity
        )
        guard rows.count == 1, let status = try rows[0].intOrNil("status") else {
            throw Fault(.conflict, "A request with this Idempotency-Key is still running.", retryAfter: 1)
        }
        guard try rows[0].binary("request_hash") == self.requestHash else {
            throw Fault(
                .idempotencyMismatch,
                "This Idempotency-Key was used for a different request. Use a new key for a new request."
            )
        }
        var reply = Reply(
            status: Int(status),
            body: try rows[0].binaryOrNil("body") ?? [],
            etag: try rows[0].intOrNil("etag"),
            location: try rows[0].textOrNil("location")
        )
        reply.isReplayed = true
        return .done(reply)
    }

    func store(_ reply: Reply, in transaction: borrowing Transaction) throws(SQLFault) {
        try transaction.queue(
            """
            UPDATE idempotency_key SET status = $5, location = $6, etag = $7, body = $8
            WHERE organization_id = $1 AND principal = $2 AND operation = $3 AND key = $4
            """,
            self.identity + [
                .int(Int64(reply.status)), reply.location.map(SQLValue.text) ?? .null,
                reply.etag.map(SQLValue.int) ?? .null, .bytes(reply.body),
            ]
        )
    }
}
