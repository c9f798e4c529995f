internal import Contracts
internal import Resources
internal import TestKit
internal import Testing
internal import TimelineService
internal import Vocabulary

@Suite struct ActivityProofTests {
    /// Runs a proof of ten entries after a superuser has interfered.
    private func proof(after script: String, _ parameters: [String: String] = [:]) async throws -> JSON {
        let log = ActivityLog()
        let router = { (persistence: Persistence) in timelineRouter(persistence, log) }
        return try await TestService.run(Timeline.migrations, service: "timeline", router) { service in
            let timeline = TimelineFixture(service: service, log: log)
            try await timeline.record(count: 6)
            try await timeline.record(count: 4)
            try await service.clone.execute(script)
            return try await timeline.proof(parameters)
        }
    }

    @Test func holdsForWhatNobodyTouched() async throws {
        let proof = try await self.proof(after: "SELECT 1", ["from_seq": "3", "to_seq": "8"])
        #expect(proof["verified"] == true)
        #expect(proof["first_seq"] == 3)
        #expect(proof["last_seq"] == 8)
        #expect(proof["count"] == 6)
        #expect(proof["missing"] == [])
    }

    @Test(arguments: [
        "UPDATE activity_event SET data = '{}' WHERE seq = 4",
        "UPDATE activity_event SET type = 'paid' WHERE seq = 4",
        "UPDATE activity_event SET actor_id = gen_random_uuid() WHERE seq = 4",
        "UPDATE activity_event SET occurred_at = occurred_at - interval '1 day' WHERE seq = 4",
        "UPDATE activity_event SET recorded_at = recorded_at + interval '1 second' WHERE seq = 4",
        "UPDATE activity_event SET engagement_id = gen_random_uuid() WHERE seq = 4",
        "UPDATE activity_event SET producer = 'identity' WHERE seq = 4",
        "UPDATE activity_event SET entity_version = 7 WHERE seq = 4",
        "UPDATE activity_event SET data = (data::text || ' ')::json WHERE seq = 4",
    ])
    func findsAnAlteredEntry(_ change: String) async throws {
        let proof = try await self.proof(after: change)
        #expect(proof["verified"] == false)
        #expect(proof["first_break"] == ["seq": 4, "reason": "altered"])
        #expect(proof["count"] == 10)
    }

    @Test func findsARewrittenHash() async throws {
        let proof = try await self.proof(after: "UPDATE activity_event SET hash = sha256('x') WHERE seq = 10")
        #expect(proof["first_break"] == ["seq": 10, "reason": "altered"])
        let head = try await self.proof(after: "UPDATE activity_head SET last_hash = sha256('x')")
        #expect(head["first_break"] == ["seq": 10, "reason": "head"])
    }

    @Test func findsMissingEntries() async throws {
        let middle = try await self.proof(after: "DELETE FROM activity_event WHERE seq IN (4, 5, 8)")
        #expect(middle["verified"] == false)
        #expect(middle["missing"] == [4, 5, 8])
        #expect(middle["first_break"] == ["seq": 4, "reason": "missing"])
        #expect(middle["count"] == 7)
        let end = try await self.proof(after: "DELETE FROM activity_event WHERE seq > 8")
        #expect(end["missing"] == [9, 10])
        // An entry that is moved to before its predecessors is where no reader looks for it.
        let moved = try await self.proof(
            after: "UPDATE activity_event SET recorded_at = recorded_at - interval '1 second' WHERE seq = 4"
        )
        #expect(moved["missing"] == [4])
        let before = try await self.proof(after: "DELETE FROM activity_event WHERE seq = 4", ["from_seq": "5"])
        #expect(before["first_break"] == ["seq": 4, "reason": "missing"])
    }

    @Test func saysSoWhereThereIsNothingYet() async throws {
        try await TimelineFixture.run { timeline in
            let proof = try await timeline.proof()
            #expect(proof["verified"] == true)
            #expect(proof["count"] == 0)
            #expect(proof["first_seq"] == .null)
        }
    }

    @Test func readsALongRangeInPages() async throws {
        try await TimelineFixture.run { timeline in
            for _ in 0..<12 { try await timeline.record(count: 100) }
            let proof = try await timeline.proof()
            #expect(proof["verified"] == true)
            #expect(proof["count"] == 1_200)
            #expect(proof["head_hash"] == (try await timeline.list(["limit": "1"])).data("hash").first)
        }
    }

    @Test func refusesARangeThatIsTooLong() async throws {
        try await TimelineFixture.run { timeline in
            for range in [["from_seq": "1", "to_seq": "20001"], ["from_seq": "9", "to_seq": "8"]] {
                let fault = await timeline.service.refusal("timeline.activity.proof/1", range)
                #expect(fault?.problems.first?.pointer == "/query/to_seq")
            }
        }
    }
}
