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
        resource.actions = [.get, .list, .create, .delete]
        resource.write = .manage("revenue")
        resource.hasExternalID = false
        resource.summary = "Closes the books: no document is dated on or before the latest lock's date."
        return resource
    }()
}

/// What the locks of an organization add up to.
enum PeriodLocks {
    /// The last day that is closed.
    static func lockedThrough(for organization: Identifier, in transaction: borrowing Transaction) throws -> LocalDate?
    {
        try transaction.query(
            "SELECT max(locked_through) AS locked_through FROM period_lock WHERE organization_id = $1 AND deleted_at IS NULL",
            [.uuid(organization)]
        )[0].dateOrNil("locked_through")
    }
}
