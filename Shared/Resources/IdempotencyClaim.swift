internal import Contracts
internal import Postgres
internal import Vocabulary

/// A caller's claim on an idempotency key, in the transaction of the command it protects (RELIABILITY section 4).
///
/// It is written together with the answer, behind the effect: the table's primary key lets one holder commit and makes every
/// other one wait for it and then fail.
struct IdempotencyClaim: Sendable {
    let caller: Caller
    let operation: String
    let key: String
    let requestHash: [UInt8]
    let now: Instant

    init(caller: Caller, operation: String, key: String, requestHash: [UInt8], at now: Instant) {
        self.caller = caller
        self.operation = operation
        self.key = key
        self.requestHash = requestHash
        self.now = now
    }

    private var identity: [SQLValue] {
        [.uuid(self.caller.organization), .uuid(self.caller.subject), .text(self.operation), .text(self.key)]
    }

    private static let insert: SQL = """
        INSERT INTO idempotency_key (organization_id, principal, operation, key, request_hash, created_at,
            status, location, etag, body)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """

    private func values(with reply: Reply) -> [SQLValue] {
        self.identity + [
            .bytes(self.requestHash), .instant(self.now), .int(Int64(reply.status)),
            reply.location.map(SQLValue.text) ?? .null, reply.etag.map(SQLValue.int) ?? .null, .bytes(reply.body),
        ]
    }

    /// Stores the answer with the rest of the transaction, which fails by ``isTaken(_:)`` where the key has one.
    func store(_ reply: Reply, in transaction: borrowing Transaction) throws(SQLFault) {
        try transaction.queue(Self.insert, self.values(with: reply))
    }

    /// Stores the answer unless the key has one; whether it did.
    func storeFirst(_ reply: Reply, in transaction: borrowing Transaction) throws(SQLFault) -> Bool {
        try transaction.query(
            Self.insert + " ON CONFLICT DO NOTHING RETURNING 1 AS taken",
            self.values(with: reply)
        ).count == 1
    }

    /// Whether a transaction failed because another one had stored an answer for its key.
    static func isTaken(_ error: any Error) -> Bool {
        guard let fault = error as? SQLFault else { return false }
        return fault.state == "23505" && fault.constraint == "idempotency_key_pkey"
    }

    /// What was stored with the key; `nil` where it is free.
    func earlier(in transaction: borrowing Transaction) throws -> Reply? {
        let rows = try transaction.query(
            """
            SELECT request_hash, status, location, etag, body FROM idempotency_key
            WHERE organization_id = $1 AND principal = $2 AND operation = $3 AND key = $4
            """,
            self.identity
        )
        guard rows.count == 1 else { return nil }
        guard try rows[0].binary("request_hash") == self.requestHash else {
            throw Fault(
                .idempotencyMismatch,
                "This Idempotency-Key was used for a different request. Use a new key for a new request."
            )
        }
        var reply = Reply(
            status: Int(try rows[0].int("status")),
            body: try rows[0].binaryOrNil("body") ?? [],
            etag: try rows[0].intOrNil("etag"),
            location: try rows[0].textOrNil("location")
        )
        reply.isReplayed = true
        return reply
    }
}
