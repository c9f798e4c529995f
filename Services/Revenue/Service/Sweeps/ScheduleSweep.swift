internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import ServiceKit
public import Vocabulary

/// Bills every schedule whose next period has begun in its organization's time zone.
public struct ScheduleSweep: Sendable {
    /// Schedules found by one query; the sweep goes on until a query finds none that it has not seen.
    static let pageMax: Int64 = 200

    let database: Database
    let log: EventLog
    let run: ScheduleRun
    let watch: SweepWatch

    private typealias Candidate = (organization: Identifier, id: Identifier, nextOn: LocalDate, zone: String)

    /// Bills what is due at `now` and answers how many invoices that made. Running it again at the same time makes none.
    @discardableResult
    public func sweep(now: Instant) async throws -> Int {
        try await SandboxTurns(self.database).sweep(at: now, self.sweep)
    }

    /// One turn of it.
    func sweep(_ turn: SweepTurn) async throws -> Int {
        let now = turn.now
        var billed = 0
        var after: Candidate?
        while true {
            let page = try await self.candidates(turn, after: after)
            for schedule in page {
                billed += try await self.watch.serve(schedule.organization) {
                    guard try schedule.nextOn <= Zone(stored: schedule.zone).date(at: now) else { return 0 }
                    return try await self.bill(schedule.id, of: schedule.organization, at: now)
                }
            }
            guard page.count == Int(Self.pageMax), let last = page.last else { return billed }
            after = last
        }
    }

    /// What begins by the day that the easternmost zone has; whether the organization's own day has come is its own part.
    private func candidates(_ turn: SweepTurn, after: Candidate?) async throws -> [Candidate] {
        let (whose, sandbox) = turn.condition(5)
        let rows = try await self.database.read(
            .system,
            """
            SELECT s.organization_id, s.id, s.next_on, coalesce(o.time_zone, 'UTC') AS time_zone FROM invoice_schedule s
            LEFT JOIN organization_ref o ON o.organization_id = s.organization_id
            WHERE s.status <> 'completed' AND s.next_on <= $1
                AND ($2::uuid IS NULL OR (s.organization_id, s.id) > ($2, $3::uuid))
            """ + " AND " + whose + " ORDER BY s.organization_id, s.id LIMIT $4",
            [
                .date(Zone.utc.date(at: turn.now).adding(days: 1)), after.map { .uuid($0.organization) } ?? .null,
                after.map { .uuid($0.id) } ?? .null,
                .int(Self.pageMax),
            ] + sandbox
        )
        return try rows.map {
            (try $0.uuid("organization_id"), try $0.uuid("id"), try $0.date("next_on"), try $0.text("time_zone"))
        }
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
