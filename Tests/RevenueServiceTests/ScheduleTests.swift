internal import Contracts
internal import EventLog
internal import Postgres
internal import RevenueService
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ScheduleTests {
    private static func billing(_ more: JSONObject = [:]) -> JSON {
        var terms: JSONObject = [
            "currency": "USD", "kind": "recurring", "interval_unit": "month", "interval_count": 1,
            "anchor_date": "2026-11-22",
            "day_rule": "same_day", "end": ["kind": "after_n", "count": 3], "payment_terms_days": 14, "auto": "draft",
            "lines": [Fixture.line(250_000, tax: "0.19")],
        ]
        for member in more.members { terms[member.key] = member.value }
        return .object(terms)
    }

    private static func activated(_ fixture: Fixture, _ billing: JSON) -> EventRecord {
        var row = fixture.engagementRow.object ?? [:]
        row["contract_id"] = .string(Identifier.random().description)
        let payload: JSON = ["data": .object(row), "billing": billing]
        return EventRecord(
            id: Identifier.random(),
            organization: fixture.service.organization,
            type: "engagement.activated",
            activity: .created,
            aggregateType: "engagement",
            aggregateID: fixture.engagement,
            aggregateVersion: 2,
            actor: fixture.service.caller.actor,
            correlation: fixture.story,
            causation: Identifier.random(),
            occurredAt: fixture.service.clock.now,
            payload: payload.bytes
        )
    }

    private static func schedules(_ fixture: Fixture) async throws -> [JSON] {
        try await fixture.service.json("revenue.invoice_schedule.list/1").list("data")
    }

    private static func invoices(_ fixture: Fixture) async throws -> [JSON] {
        try await fixture.service.json("revenue.invoice.list/1", ["sort": "created_at", "limit": "200"]).list("data")
    }

    @Test func anActivatedEngagementMakesOneScheduleAndOneInvoice() async throws {
        try await Fixture.run { fixture in
            let event = Self.activated(fixture, Self.billing())
            let caused = try await fixture.service.receive(event, from: "delivery", fixture.revenue.handlers)
            #expect(caused.map(\.type) == ["invoice_schedule.created", "invoice.created"])
            #expect(caused.map(\.causation) == [event.id, caused[0].id])
            #expect(caused.allSatisfy { $0.correlation == fixture.story && $0.engagement == fixture.engagement })
            let second = try await fixture.service.receive(event, from: "delivery", fixture.revenue.handlers)
            #expect(second.isEmpty)
            let schedule = try #require(try await Self.schedules(fixture).first)
            #expect(try await Self.schedules(fixture).count == 1)
            #expect(schedule["next_on"] == "2026-12-22")
            #expect(schedule["origin"] == "contract")
            let invoices = try await Self.invoices(fixture)
            #expect(invoices.count == 1)
            #expect(invoices[0]["schedule_id"] == schedule["id"])
            #expect(invoices[0]["contract_id"] == schedule["contract_id"])
            #expect(invoices[0]["period_start"] == "2026-11-22")
            #expect(invoices[0]["total_minor"] == 297_500)
            let explained = try await fixture.service.json(
                "revenue.invoice.explain/1",
                ["id": try invoices[0].text("id")]
            )
            #expect(explained["source"]?["kind"] == "schedule")
            #expect(explained["source"]?["period"]?["days"] == 30)
        }
    }

    @Test func termsThatNobodyCanReadAreNotApplied() async throws {
        try await Fixture.run { fixture in
            let event = Self.activated(fixture, Self.billing(["anchor_date": "2026-11-22", "day_rule": "last_day"]))
            await #expect(throws: EventFault.self) {
                try await fixture.service.receive(event, from: "delivery", fixture.revenue.handlers)
            }
            let schedules = try await Self.schedules(fixture)
            #expect(schedules.isEmpty)
        }
    }

    @Test func aFirstPeriodThatIsYetToComeWaits() async throws {
        try await Fixture.run(zone: try #require(Zone("America/New_York"))) { fixture in
            let event = Self.activated(fixture, Self.billing(["anchor_date": "2026-11-23", "auto": "send"]))
            #expect(try await fixture.service.receive(event, from: "delivery", fixture.revenue.handlers).count == 1)
            // 04:59 UTC is still the 22nd in New York.
            fixture.service.clock.set(to: try #require(Instant("2026-11-23T04:59:00Z")))
            #expect(try await fixture.scheduleSweep.sweep(now: fixture.service.clock.now) == 0)
            fixture.service.clock.set(to: try #require(Instant("2026-11-23T05:00:00Z")))
            #expect(try await fixture.scheduleSweep.sweep(now: fixture.service.clock.now) == 1)
            #expect(try await fixture.scheduleSweep.sweep(now: fixture.service.clock.now) == 0)
            let invoice = try #require(try await Self.invoices(fixture).first)
            #expect(invoice["number"] == "INV-2026-00001")
            #expect(invoice["due_on"] == "2026-12-07")
            #expect(invoice["sent_at"] != .null)
            #expect(try await fixture.types("invoice.") == ["invoice.created", "invoice.finalized", "invoice.sent"])
        }
    }

    @Test(arguments: [("all", 3, 0), ("latest", 1, 2), ("none", 0, 3)])
    func whatWentByUnnoticedIsCaughtUp(catchUp: String, billed: Int, skipped: Int) async throws {
        try await Fixture.run { fixture in
            let created = try await fixture.service.json(
                "revenue.invoice_schedule.create/1",
                body: [
                    "client_company_id": .string(fixture.client.description), "anchor_date": "2026-08-31",
                    "catch_up": .string(catchUp),
                    "end_kind": "after_n", "end_after": 3, "lines": [Fixture.line(1_000)],
                ]
            )
            // Four sweeps at once: a period is still decided once.
            let now = fixture.service.clock.now
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { _ = try? await fixture.scheduleSweep.sweep(now: now) } }
            }
            let invoices = try await Self.invoices(fixture)
            #expect(invoices.count == billed)
            if catchUp == "all" {
                #expect(
                    try invoices.map { try $0.text("period_start") }.sorted() == [
                        "2026-08-31", "2026-09-30", "2026-10-31",
                    ]
                )
            }
            let rows = try await fixture.service.rows(
                "SELECT outcome FROM invoice_schedule_period WHERE outcome <> 'billed'"
            )
            #expect(rows.count == skipped)
            let schedule = try await fixture.service.json(
                "revenue.invoice_schedule.get/1",
                ["id": try created.text("id")]
            )
            #expect(schedule["status"] == "completed")
            #expect(schedule["next_on"] == .null)
            #expect(
                try await fixture.types("invoice_schedule.") == [
                    "invoice_schedule.created", "invoice_schedule.completed",
                ]
            )
        }
    }

    @Test func pausingSkipsAndNeverShiftsTheAnchor() async throws {
        try await Fixture.run { fixture in
            let event = Self.activated(fixture, Self.billing(["end": ["kind": "never"]]))
            _ = try await fixture.service.receive(event, from: "delivery", fixture.revenue.handlers)
            let id = try #require(try await Self.schedules(fixture).first).text("id")
            let paused = try await fixture.service.json("revenue.invoice_schedule.pause/1", ["id": id])
            #expect(paused["status"] == "paused")
            let twice = await fixture.service.refusal("revenue.invoice_schedule.pause/1", ["id": id])
            #expect(twice?.code == .invalidTransition)
            fixture.service.clock.set(to: try #require(Instant("2027-01-10T09:00:00Z")))
            #expect(try await fixture.scheduleSweep.sweep(now: fixture.service.clock.now) == 0)
            let preview = try await fixture.service.json(
                "revenue.invoice_schedule.preview/1",
                ["id": id, "count": "2"]
            )
            #expect(try preview.list("periods").map { $0["period_start"]?.string } == ["2027-01-22", "2027-02-22"])
            _ = try await fixture.service.json("revenue.invoice_schedule.resume/1", ["id": id])
            fixture.service.clock.set(to: try #require(Instant("2027-01-22T00:00:00Z")))
            #expect(try await fixture.scheduleSweep.sweep(now: fixture.service.clock.now) == 1)
            #expect(
                try await Self.invoices(fixture).map { $0["period_start"]?.string } == ["2026-11-22", "2027-01-22"]
            )
            let types = try await fixture.types("invoice_schedule.")
            #expect(types == ["invoice_schedule.created", "invoice_schedule.paused", "invoice_schedule.resumed"])
            let fixed = await fixture.service.refusal(
                "revenue.invoice_schedule.change/1",
                ["id": id],
                body: ["interval_count": 2],
                ifMatch: 6
            )
            #expect(fixed?.code == .conflict || fixed?.code == .stale)
        }
    }

    @Test func aLastPeriodIsProratedByItsDays() async throws {
        try await Fixture.run { fixture in
            _ = try await fixture.service.json(
                "revenue.invoice_schedule.create/1",
                body: [
                    "client_company_id": .string(fixture.client.description), "anchor_date": "2026-11-01",
                    "end_kind": "on_date",
                    "end_on": "2026-11-10", "prorate": true, "lines": [Fixture.line(30_000, tax: "0.19")],
                ]
            )
            try await fixture.scheduleSweep.sweep(now: fixture.service.clock.now)
            let invoice = try #require(try await Self.invoices(fixture).first)
            #expect(invoice["billed_days"] == 10)
            #expect(invoice["net_minor"] == 10_000)
            #expect(try invoice.list("lines")[0]["full_unit_price_minor"] == 30_000)
            let explained = try await fixture.service.json("revenue.invoice.explain/1", ["id": try invoice.text("id")])
            #expect(explained["source"]?["proration"]?["period_days"] == 30)
            #expect(explained["agrees"] == true)
        }
    }

    @Test func booksThatAreClosedLeaveADraft() async throws {
        try await Fixture.run { fixture in
            _ = try await fixture.service.json("revenue.period_lock.create/1", body: ["locked_through": "2026-12-31"])
            let event = Self.activated(fixture, Self.billing(["auto": "send"]))
            let caused = try await fixture.service.receive(event, from: "delivery", fixture.revenue.handlers)
            #expect(caused.map(\.type) == ["invoice_schedule.created", "invoice.created", "invoice.held_back"])
        }
    }
}
