internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import ServiceKit
public import Vocabulary

/// Notes which invoices have become overdue: their organization's today is past the due date and a balance remains.
public struct OverdueSweep: Sendable {
    /// Invoices found by one query, of one organization or several.
    static let pageMax: Int64 = 500

    let database: Database
    let log: EventLog
    let invoices: ResourceStore
    let watch: SweepWatch

    private typealias Candidate = (organization: Identifier, id: Identifier, dueOn: LocalDate, zone: String)

    /// Marks what is overdue at `now` and answers how many invoices that were. An invoice is marked, and its event written, once for
    /// each due date: `overdue_since` is the mark.
    @discardableResult
    public func sweep(now: Instant) async throws -> Int {
        try await SandboxTurns(self.database).sweep(at: now, self.sweep)
    }

    /// One turn of it.
    func sweep(_ turn: SweepTurn) async throws -> Int {
        let now = turn.now
        var marked = 0
        var after: Candidate?
        while true {
            let page = try await self.candidates(turn, after: after)
            let found = Dictionary(grouping: page, by: \.organization)
            for (organization, invoices) in found.sorted(by: { $0.key < $1.key }) {
                marked += try await self.watch.serve(organization) {
                    try await self.mark(invoices, of: organization, at: now)
                }
            }
            guard page.count == Int(Self.pageMax), let last = page.last else { return marked }
            after = last
        }
    }

    /// What is due before the day that the easternmost zone has; whether the organization's own day has come is its own part.
    private func candidates(_ turn: SweepTurn, after: Candidate?) async throws -> [Candidate] {
        let (whose, sandbox) = turn.condition(5)
        let rows = try await self.database.read(
            .system,
            """
            SELECT i.organization_id, i.id, i.due_on, coalesce(o.time_zone, 'UTC') AS time_zone FROM invoice i
            LEFT JOIN organization_ref o ON o.organization_id = i.organization_id
            WHERE i.finalized_at IS NOT NULL AND i.voided_at IS NULL AND i.balance_minor > 0 AND i.overdue_since IS NULL
                AND i.due_on <= $1 AND ($2::uuid IS NULL OR (i.organization_id, i.id) > ($2, $3::uuid))
            """ + " AND " + whose + " ORDER BY i.organization_id, i.id LIMIT $4",
            [
                .date(Zone.utc.date(at: turn.now)), after.map { .uuid($0.organization) } ?? .null,
                after.map { .uuid($0.id) } ?? .null, .int(Self.pageMax),
            ] + sandbox
        )
        return try rows.map {
            (try $0.uuid("organization_id"), try $0.uuid("id"), try $0.date("due_on"), try $0.text("time_zone"))
        }
    }

    private func mark(_ found: [Candidate], of organization: Identifier, at now: Instant) async throws -> Int {
        guard let zone = try found.first.map({ try Zone(stored: $0.zone) }) else { return 0 }
        let today = zone.date(at: now)
        let ids = found.filter { $0.dueOn < today }.map(\.id)
        guard !ids.isEmpty else { return 0 }
        return try await self.database.transaction(.organization(organization)) { transaction in
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
