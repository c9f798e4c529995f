internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// Closes the books: no document is dated on or before the latest lock's date. Deleting a lock opens them again.
    static let periodLock: Resource = {
        var resource = Resource(
            service: "revenue",
            name: "period_lock",
            plural: "period-locks",
            table: "period_lock",
            fields: [
                .date("locked_through").required().onCreate().filterable().sortable(),
                .text("reason", max: 2_000).nullable().onCreate(),
            ]
        )
        // Not restored: to close the books again is a decision of its own, with a lock that says who took it and when.
        resource.actions = [.get, .list, .create, .delete]
        resource.write = .manage("revenue")
        resource.hasExternalID = false
        resource.hooks.create = { _, context, transaction in
            try PeriodLocks.close(for: try context.caller().organization, in: transaction)
        }
        resource.summary = "Closes the books: no document is dated on or before the latest lock's date."
        return resource
    }()
}

/// What the locks of an organization add up to, and the order between whoever closes its books and whoever dates a document.
///
/// A date is judged by the locks that are committed, so without an order a document could be dated in a period that is being
/// closed at the same moment. Both sides therefore hold the organization's books until they commit: many who date documents
/// share them, one who closes them is alone. Whoever comes second sees what the first has done.
enum PeriodLocks {
    /// The class of advisory locks that stands for the books of an organization; the event log's tickets are in another.
    private static let booksClass: Int64 = 4244

    /// The last day that is closed, which stays so until the transaction ends. Asked after the locks of the rows that the
    /// transaction changes, and before a number is taken.
    static func lockedThrough(for organization: Identifier, in transaction: borrowing Transaction) throws -> LocalDate?
    {
        try transaction.queue(
            "SELECT pg_advisory_xact_lock_shared($1::int, hashtext($2::text))",
            [.int(Self.booksClass), .text(organization.description)]
        )
        return try transaction.query(
            "SELECT max(locked_through) AS locked_through FROM period_lock WHERE organization_id = $1 AND deleted_at IS NULL",
            [.uuid(organization)]
        )[0].dateOrNil("locked_through")
    }
    /// Waits until every document that is being dated is committed, and keeps others from being dated until the lock is.
    static func close(for organization: Identifier, in transaction: borrowing Transaction) throws {
        try transaction.queue(
            "SELECT pg_advisory_xact_lock($1::int, hashtext($2::text))",
            [.int(Self.booksClass), .text(organization.description)]
        )
    }
}
