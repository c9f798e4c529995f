internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
public import Vocabulary

/// Notes which invoices have become overdue: their organization's today is past the due date and a balance remains.
public struct OverdueSweep: Sendable {
    /// Invoices found by one query, of one organization or several.
    static let pageMax: Int64 = 500

    let database: Database
    let log: EventLog
    let invoices: ResourceStore

    /// Marks what is overdue at `now` and answers how many invoices that were. An invoice is marked, and its event written, once for
    /// each due date: `overdue_since` is the mark.
    @discardableResult
    public func sweep(now: Instant) async throws -> Int {
        var marked = 0
        while true {
            let rows = try await self.database.read(
                .system,
                """
                SELECT i.organization_id, i.id FROM invoice i
                LEFT JOIN organization_ref o ON o.organization_id = i.organization_id
                WHERE i.finalized_at IS NOT NULL AND i.voided_at IS NULL AND i.balance_minor > 0 AND i.overdue_since IS NULL
                    AND i.due_on < ($1::timestamptz AT TIME ZONE coalesce(o.time_zone, 'UTC'))::date
                ORDER BY i.organization_id, i.id LIMIT $2
                """,
                [.instant(now), .int(Self.pageMax)]
            )
            let found = try rows.map { (organization: try $0.uuid("organization_id"), id: try $0.uuid("id")) }
            var progress = 0
            for (organization, entries) in Dictionary(grouping: found, by: \.organization) {
                progress += try await self.mark(entries.map(\.id), of: organization, at: now)
            }
            marked += progress
            // A page without progress means that others have settled or marked what was found.
            guard found.count == Int(Self.pageMax), progress > 0 else { return marked }
        }
    }

    private func mark(_ ids: [Identifier], of organization: Identifier, at now: Instant) async throws -> Int {
        try await self.database.transaction(.organization(organization)) { transaction in
            let today = try References.today(of: organization, at: now, in: transaction)
            // Looked at again under the lock: it may have been paid, voided or marked meanwhile.
            let due = try self.invoices.rows(
                where: """
                    id = ANY ($2::uuid[]) AND finalized_at IS NOT NULL AND voided_at IS NULL AND balance_minor > 0
                        AND overdue_since IS NULL AND due_on < $3 ORDER BY id FOR UPDATE
                    """,
                [.uuids(ids), .date(today)],
                for: organization,
                in: transaction
            )
            var events: [EventRecord] = []
            for before in due {
                let since = try before.row.date("due_on").adding(days: 1)
                let after = try self.invoices.update(
                    before,
                    Values(["overdue_since": .date(since)]),
                    for: organization,
                    at: now,
                    in: transaction
                )
                let cause = Revenue.systemCause(of: organization, story: before.correlation, at: now)
                events.append(self.invoices.event("overdue", .statusChanged, after, previous: before, because: cause))
            }
            try self.log.append(events, in: transaction)
            return due.count
        }
    }
}
