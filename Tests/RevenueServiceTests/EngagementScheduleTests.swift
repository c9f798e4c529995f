internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import RevenueService
internal import TestKit
internal import Testing
internal import Vocabulary

/// The schedules of an engagement, as it is held, resumed and ended.
@Suite struct EngagementScheduleTests {
    private static func schedule(_ fixture: Fixture, _ more: JSONObject = [:]) async throws -> String {
        var body: JSONObject = [
            "engagement_id": .string(fixture.engagement.description), "anchor_date": "2026-11-22",
            "lines": [Fixture.line(1_000)],
        ]
        for member in more.members { body[member.key] = member.value }
        return try await fixture.service.json("revenue.invoice_schedule.create/1", body: .object(body)).text("id")
    }

    private static func read(_ id: String, _ fixture: Fixture) async throws -> JSON {
        try await fixture.service.json("revenue.invoice_schedule.get/1", ["id": id])
    }

    /// Tells what became of the engagement; answers the events that it caused.
    private static func engagement(
        _ past: String,
        _ fixture: Fixture,
        version: Int64 = 2,
        reason: String? = nil
    ) async throws -> [EventRecord] {
        var row = fixture.engagementRow.object ?? [:]
        row["status"] = .string(["held": "on_hold", "resumed": "active"][past] ?? past)
        row["status_reason"] = reason.map(JSON.string) ?? .null
        return try await fixture.service.receive(
            "engagement.\(past)",
            from: "delivery",
            aggregate: fixture.engagement,
            version: version,
            payload: ["data": .object(row)],
            correlation: fixture.story,
            fixture.revenue.handlers
        )
    }

    private static func sweep(_ fixture: Fixture, at instant: String) async throws -> Int {
        fixture.service.clock.set(to: try #require(Instant(instant)))
        return try await fixture.scheduleSweep.sweep(now: fixture.service.clock.now)
    }

    @Test func aHoldPausesAndItsEndResumes() async throws {
        try await Fixture.run { fixture in
            let id = try await Self.schedule(fixture)
            #expect(try await Self.sweep(fixture, at: "2026-11-22T09:00:00Z") == 1)
            let held = try await Self.engagement("held", fixture, reason: "No answer.")
            #expect(held.map(\.type) == ["invoice_schedule.paused"])
            #expect(held.map(\.correlation) == [fixture.story])
            let schedule = try await Self.read(id, fixture)
            #expect(schedule["status"] == "paused")
            #expect(
                schedule["pauses"] == [
                    ["from": "2026-11-22", "until": .null, "cause": "engagement", "reason": "No answer."]
                ]
            )
            #expect(try await Self.engagement("held", fixture, reason: "No answer.").isEmpty)
            let refused = await fixture.service.refusal("revenue.invoice_schedule.resume/1", ["id": id])
            #expect(refused?.code == .conflict)
            #expect(try await Self.sweep(fixture, at: "2026-12-22T09:00:00Z") == 0)
            #expect(try await Self.engagement("resumed", fixture).map(\.type) == ["invoice_schedule.resumed"])
            #expect(try await Self.engagement("resumed", fixture).isEmpty)
            #expect(try await Self.sweep(fixture, at: "2027-01-22T09:00:00Z") == 1)
            let outcomes = try await fixture.service.rows(
                "SELECT outcome FROM invoice_schedule_period ORDER BY period_index"
            )
            #expect(try outcomes.map { try $0.text("outcome") } == ["billed", "paused", "billed"])
        }
    }

    @Test func whatAPersonPausedStaysPaused() async throws {
        try await Fixture.run { fixture in
            let byPerson = try await Self.schedule(fixture, ["anchor_date": "2026-12-01"])
            let both = try await Self.schedule(fixture, ["anchor_date": "2026-12-01"])
            let pause: JSON = ["reason": "Budget"]
            let paused = try await fixture.service.json(
                "revenue.invoice_schedule.pause/1",
                ["id": byPerson],
                body: pause
            )
            #expect(paused["pauses"]?.array?.first?["cause"] == "person")
            #expect(paused["pauses"]?.array?.first?["reason"] == "Budget")
            let held = try await Self.engagement("held", fixture)
            #expect(Set(held.map(\.type)) == ["invoice_schedule.updated", "invoice_schedule.paused"])
            _ = try await fixture.service.json("revenue.invoice_schedule.pause/1", ["id": both], body: pause)
            let resumed = try await Self.engagement("resumed", fixture)
            #expect(resumed.map(\.type) == ["invoice_schedule.updated", "invoice_schedule.updated"])
            for id in [byPerson, both] {
                #expect(try await Self.read(id, fixture)["status"] == "paused")
                let again = try await fixture.service.json("revenue.invoice_schedule.resume/1", ["id": id])
                #expect(again["status"] == "active")
            }
        }
    }

    @Test(arguments: ["completed", "cancelled"])
    func whatHasBegunIsBilledAndNothingAfterIt(end: String) async throws {
        try await Fixture.run { fixture in
            // September to November have begun, and no sweep has run since.
            let id = try await Self.schedule(fixture, ["anchor_date": "2026-09-15"])
            fixture.service.clock.set(to: try #require(Instant("2026-11-22T09:00:00Z")))
            #expect(try await Self.engagement(end, fixture).map(\.type) == ["invoice_schedule.updated"])
            #expect(try await Self.engagement(end, fixture).isEmpty)
            #expect(try await Self.read(id, fixture)["end_on"] == "2026-11-22")
            #expect(try await Self.sweep(fixture, at: "2027-06-30T09:00:00Z") == 3)
            #expect(try await Self.read(id, fixture)["status"] == "completed")
            #expect(
                try await fixture.types("invoice_schedule.") == [
                    "invoice_schedule.created", "invoice_schedule.updated", "invoice_schedule.completed",
                ]
            )
        }
    }

    @Test(arguments: ["completed", "cancelled"])
    func aScheduleWithNothingLeftEndsAtOnce(end: String) async throws {
        try await Fixture.run { fixture in
            let id = try await Self.schedule(fixture)
            #expect(try await Self.sweep(fixture, at: "2026-11-22T09:00:00Z") == 1)
            _ = try await Self.engagement("held", fixture)
            #expect(try await Self.engagement(end, fixture).map(\.type) == ["invoice_schedule.completed"])
            let schedule = try await Self.read(id, fixture)
            #expect(schedule["status"] == "completed" && schedule["next_on"] == .null)
            #expect(try await Self.sweep(fixture, at: "2027-06-30T09:00:00Z") == 0)
        }
    }

    @Test func onlyACancelledEngagementTakesBackTheOneInvoiceThatWasAgreed() async throws {
        try await Fixture.run { fixture in
            let terms: JSONObject = ["kind": "one_time", "anchor_date": "2026-12-31"]
            let kept = try await Self.schedule(fixture, terms)
            let ended = try await Self.schedule(fixture, ["kind": "one_time", "anchor_date": "2027-12-31"])
            #expect(try await Self.engagement("completed", fixture).isEmpty)
            #expect(try await Self.sweep(fixture, at: "2026-12-31T09:00:00Z") == 1)
            #expect(try await Self.read(kept, fixture)["status"] == "completed")
            #expect(try await Self.engagement("cancelled", fixture).count == 1)
            #expect(try await Self.sweep(fixture, at: "2027-12-31T09:00:00Z") == 0)
            #expect(try await Self.read(ended, fixture)["status"] == "completed")
        }
    }

    @Test func whatBeginsMeanwhileIsHeldFromTheStart() async throws {
        try await Fixture.run { fixture in
            _ = try await Self.engagement("held", fixture)
            let id = try await Self.schedule(fixture)
            let schedule = try await Self.read(id, fixture)
            #expect(schedule["status"] == "paused")
            #expect(schedule["pauses"]?.array?.map { $0["cause"] } == ["engagement"])
            #expect(try await Self.engagement("resumed", fixture, version: 3).count == 1)
            #expect(try await Self.read(id, fixture)["status"] == "active")
            _ = try await Self.engagement("cancelled", fixture, version: 4)
            let refused = await fixture.service.refusal(
                "revenue.invoice_schedule.create/1",
                body: [
                    "engagement_id": .string(fixture.engagement.description), "anchor_date": "2026-11-22",
                    "lines": [Fixture.line(1_000)],
                ]
            )
            #expect(refused?.problems.map(\.code) == ["engagement_closed"])
        }
    }
}
