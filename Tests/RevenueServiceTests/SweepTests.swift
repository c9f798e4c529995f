internal import Contracts
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import RevenueService

/// Sweeps over several organizations, of which one cannot be served.
@Suite struct SweepTests {
    /// Both organizations of a database, in the order in which a sweep comes to them.
    private static func both(_ body: (_ first: Fixture, _ second: Fixture) async throws -> Void) async throws {
        try await Fixture.run { fixture in
            let other = try await Fixture.of(fixture.service.neighbour)
            let ordered = [fixture, other].sorted { $0.service.organization < $1.service.organization }
            try await body(ordered[0], ordered[1])
        }
    }

    /// Nobody knows when the organization's days begin any more.
    private static func lose(_ fixture: Fixture, zone: String = "Mars/Olympus") async throws {
        let organization = fixture.service.organization
        try await fixture.service.database.transaction(.organization(organization)) { transaction in
            try transaction.queue(
                "UPDATE organization_ref SET time_zone = $2 WHERE organization_id = $1",
                [.uuid(organization), .text(zone)]
            )
        }
    }

    /// Puts the organization's clock forward.
    private static func advance(_ fixture: Fixture, days: Int64, version: Int64 = 2) async throws {
        try await fixture.tell(
            "organization.updated",
            "identity",
            fixture.service.organization,
            ["name": "Firm", "time_zone": "UTC", "clock_ahead_seconds": .int(days * 86_400)],
            version: version
        )
    }

    @Test func aSandboxIsSweptAtItsOwnTimeAndAtOnceWhenItsClockIsAdvanced() async throws {
        try await Self.both { sandbox, other in
            let now = sandbox.service.clock.now
            let late = try await sandbox.finalized(1_000, due: "2026-12-20").text("id")
            let next = try await other.finalized(1_000, due: "2026-12-20").text("id")
            let turns = SandboxTurns(sandbox.service.database)
            func follow() async throws -> Int {
                try await turns.follow(at: now) { try await sandbox.overdueSweep.sweep($0) }
            }
            #expect(try await follow() == 0)
            try await Self.advance(sandbox, days: 60)
            #expect(try await follow() == 1)
            #expect(try await sandbox.invoice(late)["overdue_since"] == "2026-12-21")
            #expect(try await other.invoice(next)["is_overdue"] == false)
            let event = try #require(try await sandbox.service.events("invoice.overdue").first)
            #expect(event.occurredAt == now.advanced(bySeconds: 60 * 86_400))
            // Once for each step; later, the ordinary sweep has it too.
            let more = try await sandbox.finalized(1_000, due: "2027-01-31").text("id")
            #expect(try await follow() == 0)
            let later = now.advanced(bySeconds: 15 * 86_400)
            #expect(try await sandbox.overdueSweep.sweep(now: later) == 1)
            #expect(try await sandbox.invoice(more)["is_overdue"] == true)
            #expect(try await other.invoice(next)["is_overdue"] == false)
        }
    }

    @Test func aSandboxBillsThePeriodsThatItsClockHasPassed() async throws {
        try await Self.both { sandbox, other in
            for fixture in [sandbox, other] {
                _ = try await fixture.service.json(
                    "revenue.invoice_schedule.create/1",
                    body: [
                        "client_company_id": .string(fixture.client.description), "anchor_date": "2026-12-22",
                        "end_kind": "after_n", "end_after": 2, "lines": [Fixture.line(1_000)],
                    ]
                )
            }
            let now = sandbox.service.clock.now
            #expect(try await sandbox.scheduleSweep.sweep(now: now) == 0)
            try await Self.advance(sandbox, days: 70)
            let turns = SandboxTurns(sandbox.service.database)
            #expect(try await turns.follow(at: now) { try await sandbox.scheduleSweep.sweep($0) } == 2)
            #expect(try await sandbox.service.json("revenue.invoice.list/1").list("data").count == 2)
            #expect(try await other.service.json("revenue.invoice.list/1").list("data").isEmpty)
        }
    }

    @Test func anOrganizationThatFailsDoesNotKeepOthersInvoicesFromBecomingOverdue() async throws {
        try await Self.both { first, second in
            let late = try await first.finalized(1_000, due: "2026-11-20").text("id")
            let next = try await second.finalized(1_000, due: "2026-11-20").text("id")
            try await Self.lose(first)
            let now = first.service.clock.now
            #expect(try await first.overdueSweep.sweep(now: now) == 1)
            #expect(first.failures(of: "overdue") == 1)
            #expect(try await second.invoice(next)["is_overdue"] == true)
            #expect(try await first.invoice(late)["is_overdue"] == false)
            // It is served as soon as it can be.
            try await Self.lose(first, zone: "UTC")
            #expect(try await first.overdueSweep.sweep(now: now) == 1)
            #expect(try await first.invoice(late)["is_overdue"] == true)
            #expect(first.failures(of: "overdue") == 1)
        }
    }

    @Test func anOrganizationThatFailsDoesNotKeepOthersSchedulesFromBilling() async throws {
        try await Self.both { first, second in
            for fixture in [first, second] {
                _ = try await fixture.service.json(
                    "revenue.invoice_schedule.create/1",
                    body: [
                        "client_company_id": .string(fixture.client.description), "anchor_date": "2026-11-22",
                        "end_kind": "after_n", "end_after": 1, "lines": [Fixture.line(1_000)],
                    ]
                )
            }
            try await Self.lose(first)
            let now = first.service.clock.now
            #expect(try await first.scheduleSweep.sweep(now: now) == 1)
            #expect(first.failures(of: "schedules") == 1)
            #expect(try await second.service.json("revenue.invoice.list/1").list("data").count == 1)
            #expect(try await first.service.json("revenue.invoice.list/1").list("data").isEmpty)
            try await Self.lose(first, zone: "UTC")
            #expect(try await first.scheduleSweep.sweep(now: now) == 1)
        }
    }

    /// The firm sees why its invoice is still a draft: in the draft, in an event, and whoever runs the service in the log.
    @Test func aScheduledInvoiceThatCannotBeFinalizedSaysWhy() async throws {
        try await Fixture.run { fixture in
            let lock = try await fixture.service.json(
                "revenue.period_lock.create/1",
                body: ["locked_through": "2026-11-22"]
            )
            let schedule = try await fixture.service.json(
                "revenue.invoice_schedule.create/1",
                body: [
                    "client_company_id": .string(fixture.client.description), "anchor_date": "2026-11-22",
                    "end_kind": "after_n", "end_after": 1, "auto": "send", "lines": [Fixture.line(1_000)],
                ]
            )
            #expect(try await fixture.scheduleSweep.sweep(now: fixture.service.clock.now) == 1)
            let invoice = try #require(try await fixture.service.json("revenue.invoice.list/1").list("data").first)
            #expect(invoice["status"] == "draft")
            #expect(invoice["held_back_code"] == "period_locked")
            #expect(invoice["held_back_because"] == "The books are closed through 2026-11-22.")
            #expect(try await fixture.types("invoice.") == ["invoice.created", "invoice.held_back"])
            let event = try #require(try await fixture.service.events("invoice.held_back").first)
            #expect(event.activity == .rejected)
            #expect(try JSON(parsing: event.payload)["data"]?["held_back_code"] == "period_locked")
            let held = try #require(fixture.heldBack.all.first)
            #expect(fixture.heldBack.all.count == 1)
            #expect(held.code == "period_locked" && held.organization == fixture.service.organization)
            #expect(held.schedule?.description == schedule["id"]?.string)
            // Once a person has finalized it, nothing holds it back any more.
            _ = try await fixture.service.call("revenue.period_lock.delete/1", ["id": try lock.text("id")])
            let finalized = try await fixture.move("finalize", try invoice.text("id"))
            #expect(finalized["held_back_code"] == .null && finalized["held_back_because"] == .null)
        }
    }
}
