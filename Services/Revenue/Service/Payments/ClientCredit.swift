internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// A client's unapplied credit in one currency, locked: the first lock that whoever moves a client's money takes, so that two of
/// them never wait for each other.
struct ClientCredit: Sendable {
    let id: Identifier
    let unappliedMinor: Int64

    static func lock(
        _ client: Identifier,
        _ currency: Currency,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> ClientCredit {
        try transaction.queue(
            """
            INSERT INTO client_balance (organization_id, id, client_company_id, currency, unapplied_minor, created_at, updated_at)
            VALUES ($1, $2, $3, $4, 0, $5, $5) ON CONFLICT (organization_id, client_company_id, currency) DO NOTHING
            """,
            [
                .uuid(cause.organization), .uuid(Identifier.next(at: cause.now)), .uuid(client), .text(currency.code),
                .instant(cause.now),
            ]
        )
        let row = try transaction.query(
            """
            SELECT id, unapplied_minor FROM client_balance
            WHERE organization_id = $1 AND client_company_id = $2 AND currency = $3 FOR UPDATE
            """,
            [.uuid(cause.organization), .uuid(client), .text(currency.code)]
        )[0]
        return ClientCredit(id: try row.uuid("id"), unappliedMinor: try row.int("unapplied_minor"))
    }

    /// Adds to the credit, or takes from it where `amountMinor` is negative. Below zero the table refuses.
    func add(_ amountMinor: Int64, because cause: Cause, in transaction: borrowing Transaction) throws {
        guard amountMinor != 0 else { return }
        try transaction.queue(
            """
            UPDATE client_balance SET unapplied_minor = unapplied_minor + $3, updated_at = $4, version = version + 1
            WHERE organization_id = $1 AND id = $2
            """,
            [.uuid(cause.organization), .uuid(self.id), .int(amountMinor), .instant(cause.now)],
            expecting: 1
        )
    }
}
