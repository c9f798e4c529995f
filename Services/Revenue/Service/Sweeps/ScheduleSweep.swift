internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
public import Vocabulary

/// Bills every schedule whose next period has begun in its organization's time zone.
public struct ScheduleSweep: Sendable {
    /// Schedules found by one query; the sweep goes on until a query finds none that it has not seen.
    static let pageMax: Int64 = 200

    let database: Database
    let log: EventLog
    let run: ScheduleRun

    /// Bills what is due at `now` and answers how many invoices that made. Running it again at the same time makes none.
    @discardableResult
    public func sweep(now: Instant) async throws -> Int {
        var billed = 0
        var after: (organization: Identifier, id: Identifier)?
        while true {
            let page = try await self.due(at: now, after: after)
            for entry in page { billed += try await self.bill(entry.id, of: entry.organization, at: now) }
            guard page.count == Int(Self.pageMax), let last = page.last else { return billed }
            after = last
        }
    }

    private func due(
        at now: Instant,
        after: (organization: Identifier, id: Identifier)?
    ) async throws -> [(organization: Identifier, id: Identifier)] {
        let rows = try await self.database.read(
            .system,
            """
            SELECT s.organization_id, s.id FROM invoice_schedule s
            LEFT JOIN organization_ref o ON o.organization_id = s.organization_id
            WHERE s.status <> 'completed' AND s.next_on <= ($1::timestamptz AT TIME ZONE coalesce(o.time_zone, 'UTC'))::date
                AND ($2::uuid IS NULL OR (s.organization_id, s.id) > ($2, $3::uuid))
            ORDER BY s.organization_id, s.id LIMIT $4
            """,
            [
                .instant(now), after.map { .uuid($0.organization) } ?? .null, after.map { .uuid($0.id) } ?? .null,
                .int(Self.pageMax),
            ]
        )
        return try rows.map { (organization: try $0.uuid("organization_id"), id: try $0.uuid("id")) }
    }

    /// One schedule, a transaction for as many periods as one run decides.
    private func bill(_ id: Identifier, of organization: Identifier, at now: Instant) async throws -> Int {
        var billed = 0
        while true {
            let done = try await self.database.transaction(.organization(organization)) { transaction in
                let schedule = try self.run.schedules.lock(id, for: organization, in: transaction)
                let today = try References.today(of: organization, at: now, in: transaction)
                let cause = Revenue.systemCause(of: organization, story: schedule.correlation, at: now)
                let result = try self.run.run(schedule, today: today, because: cause, in: transaction)
                try self.log.append(result.events, in: transaction)
                return (billed: result.billed, isMoved: result.schedule.version > schedule.version)
            }
            billed += done.billed
            guard done.isMoved else { return billed }
        }
    }
}
