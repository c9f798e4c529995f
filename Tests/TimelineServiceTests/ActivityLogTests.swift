internal import Contracts
internal import EventLog
internal import Postgres
internal import TestKit
internal import Testing
internal import TimelineService
internal import Vocabulary

@Suite struct ActivityLogTests {
    @Test func keepsTheWordsOfANewerService() async throws {
        try await TimelineFixture.run { timeline in
            let robot = Actor(kind: Actor.Kind(rawValue: "robot"), id: Identifier.random())
            try await timeline.record([
                timeline.event("deal.celebrated", Activity(rawValue: "celebrated"), actor: robot), timeline.event(),
            ])
            let entry = try #require(try await timeline.list()["data"]?.array?.last)
            #expect(entry["type"] == "celebrated")
            #expect(entry["actor_kind"] == "robot")
            let proof = try await timeline.proof()
            #expect(proof["count"] == 2)
            #expect(proof["first_break"] == .null)
        }
    }

    @Test func isDenseAndChainedUnderParallelProducers() async throws {
        try await TimelineFixture.run { timeline in
            try await withThrowingTaskGroup { group in
                for producer in Timeline.producers {
                    group.addTask {
                        for _ in 0..<10 { try await timeline.record(count: 7, from: producer) }
                    }
                }
                try await group.waitForAll()
            }
            let proof = try await timeline.proof()
            #expect(proof["verified"] == true)
            #expect(proof["first_seq"] == 1)
            #expect(proof["last_seq"] == 280)
            #expect(proof["count"] == 280)
            #expect(proof["first_break"] == .null)
            let rows = try await timeline.service.rows(
                "SELECT producer, count(*) AS count FROM activity_event GROUP BY producer ORDER BY producer"
            )
            #expect(try rows.map { try $0.text("producer") } == Timeline.producers.sorted())
            #expect(try rows.allSatisfy { try $0.int("count") == 70 })
        }
    }

    @Test func ignoresWhatItHas() async throws {
        try await TimelineFixture.run { timeline in
            let events = (0..<5).map { _ in timeline.event() }
            try await timeline.record(events)
            try await timeline.record(events)
            timeline.service.clock.advance(bySeconds: 40 * 86_400)
            try await timeline.record([events[4], timeline.event(), events[0], events[0]])
            #expect(try await timeline.feed(after: 0).sequences == [1, 2, 3, 4, 5, 6])
            #expect(try await timeline.proof()["verified"] == true)
        }
    }

    @Test func keepsOrganizationsApart() async throws {
        try await TimelineFixture.run { timeline in
            let stranger = timeline.service.stranger
            try await timeline.record(count: 3)
            try await timeline.record([timeline.event(of: stranger.organization)])
            #expect(try await timeline.list().sequences == [3, 2, 1])
            #expect(try await timeline.list(as: stranger).sequences == [1])
            #expect(try await timeline.feed(after: 0, as: stranger).sequences == [1])
            let correlation = try await timeline.list().data("correlation_id").first?.string ?? ""
            let trace = try await timeline.service.json(
                "timeline.activity.trace/1",
                ["correlation_id": correlation],
                as: stranger
            )
            #expect(trace["data"] == [])
        }
    }

    @Test func findsAPlaceInAMonthThatNobodyPrepared() async throws {
        try await TimelineFixture.run { timeline in
            try await timeline.record(count: 2)
            // Four months on: the migration has prepared three.
            timeline.service.clock.advance(bySeconds: 130 * 86_400)
            try await timeline.record(count: 2)
            try await timeline.record(count: 1)
            timeline.service.clock.advance(bySeconds: 31 * 86_400)
            try await timeline.record(count: 1)
            let partitions = try await timeline.service.rows(
                "SELECT tableoid::regclass::text AS name, count(*) AS count FROM activity_event GROUP BY 1 ORDER BY 1"
            )
            #expect(
                try partitions.map { try $0.text("name") } == [
                    "activity_event_2026_11", "activity_event_2027_04", "activity_event_2027_05",
                ]
            )
            #expect(try await timeline.proof()["count"] == 6)
            #expect(try await timeline.proof()["verified"] == true)
            #expect(try await timeline.feed(after: 3).sequences == [4, 5, 6])
            #expect(try await timeline.list(["limit": "4"]).sequences == [6, 5, 4, 3])
            let months = try await timeline.service.rows("SELECT first_seq FROM activity_month ORDER BY first_seq")
            #expect(try months.map { try $0.int("first_seq") } == [1, 3, 6])
        }
    }

    @Test func preparesMonthsAhead() async throws {
        try await TimelineFixture.run { timeline in
            let months = ActivityMonths(timeline.service.database)
            let later = timeline.service.clock.now.advanced(bySeconds: 400 * 86_400)
            let made = try await months.sweep(now: later)
            #expect(made == ActivityMonths.readyCount)
            let madeAgain = try await months.sweep(now: later)
            #expect(madeAgain == 0)
        }
    }

    @Test func doesNotLetAClockThatWasSetBackReorderIt() async throws {
        try await TimelineFixture.run { timeline in
            try await timeline.record(count: 1)
            timeline.service.clock.advance(bySeconds: -3_600)
            try await timeline.record(count: 1)
            let times = try await timeline.list().data("recorded_at")
            #expect(times.count == 2)
            #expect(times.first == times.last)
        }
    }

    @Test(arguments: [
        "UPDATE activity_event SET type = 'paid'" as SQL, "DELETE FROM activity_event", "TRUNCATE activity_event",
        "UPDATE activity_event_2026_11 SET type = 'paid'", "DELETE FROM activity_head",
        "UPDATE activity_month SET first_seq = 1",
        "DROP TABLE activity_event_2026_11",
    ])
    func cannotBeChangedByTheServiceItself(_ statement: SQL) async throws {
        try await TimelineFixture.run { timeline in
            try await timeline.record(count: 1)
            let fault = await #expect(throws: SQLFault.self) {
                try await timeline.service.database.transaction(.organization(timeline.service.organization)) {
                    transaction in
                    try transaction.query(statement)
                }
            }
            #expect(fault?.state == "42501")
        }
    }
}
