internal import Contracts
internal import TestKit
internal import Testing
internal import TimelineService
internal import Vocabulary

@Suite struct ActivityListTests {
    @Test func showsAnEntryWhole() async throws {
        try await TimelineFixture.run { timeline in
            let engagement = Identifier.random()
            let payload = #"{"data":{"total_minor":120000.0,"note":"Dû \u0041"},"previous":{}}"#
            let event = timeline.event("invoice.paid", .paid, engagement: engagement, payload: payload)
            try await timeline.record([event], from: "revenue")
            let entry = try #require(try await timeline.list()["data"]?.array?.first)
            #expect(entry["seq"] == 1)
            #expect(entry["event_id"] == .string(event.id.description))
            #expect(entry["type"] == "paid")
            #expect(entry["event_type"] == "invoice.paid")
            #expect(entry["entity_type"] == "invoice")
            #expect(entry["entity_id"] == .string(event.aggregateID.description))
            #expect(entry["engagement_id"] == .string(engagement.description))
            #expect(entry["actor_kind"] == "member")
            #expect(entry["producer"] == "revenue")
            #expect(entry["occurred_at"] == .string(event.occurredAt.description))
            #expect(entry["data"]?["previous"] == [:])
            #expect(entry["hash"]?.string?.count == 64)
            let reply = try await timeline.service.call("timeline.activity.list/1")
            #expect(String(decoding: reply.body, as: UTF8.self).contains("\"data\":\(payload)"))
        }
    }

    @Test func filters() async throws {
        try await TimelineFixture.run { timeline in
            let (deal, engagement, story) = (Identifier.random(), Identifier.random(), Identifier.random())
            let key = Actor(kind: .apiKey, id: Identifier.random())
            try await timeline.record([
                timeline.event("deal.created", .created, entity: deal),
                timeline.event("deal.won", entity: deal, correlation: story),
                timeline.event("project.created", .created, engagement: engagement, correlation: story),
                timeline.event("deal.updated", .updated, actor: key),
            ])
            #expect(try await timeline.list(["entity_type": "deal", "entity_id": "\(deal)"]).sequences == [2, 1])
            #expect(try await timeline.list(["entity_type": "invoice", "entity_id": "\(deal)"]).sequences == [])
            #expect(try await timeline.list(["entity_id": "\(deal)"]).sequences == [2, 1])
            #expect(try await timeline.list(["engagement_id": "\(engagement)"]).sequences == [3])
            #expect(try await timeline.list(["actor_id": "\(key.id)"]).sequences == [4])
            #expect(try await timeline.list(["correlation_id": "\(story)"]).sequences == [3, 2])
            #expect(try await timeline.list(["type": "created"]).sequences == [3, 1])
            #expect(try await timeline.list(["event_type": "deal.updated"]).sequences == [4])
            #expect(try await timeline.list(["type": "created", "entity_id": "\(deal)"]).sequences == [1])
            let alone = await timeline.service.refusal("timeline.activity.list/1", ["entity_type": "deal"])
            #expect(alone?.problems.first?.pointer == "/query/entity_type")
            let word = await timeline.service.refusal("timeline.activity.list/1", ["type": "exploded"])
            #expect(word?.code == .invalidRequest)
        }
    }

    @Test func listsByTimeWhereTimeIsLimited() async throws {
        try await TimelineFixture.run { timeline in
            let start = timeline.service.clock.now
            // The second and third were delayed on their way.
            let hours: [Int64] = [0, 3, 2, 4]
            try await timeline.record(hours.map { timeline.event(at: start.advanced(bySeconds: $0 * 3_600)) })
            func time(_ hours: Int64) -> String { start.advanced(bySeconds: hours * 3_600).description }
            #expect(try await timeline.list(["occurred_at[gte]": time(2)]).sequences == [4, 2, 3])
            #expect(try await timeline.list(["occurred_at[lte]": time(2)]).sequences == [3, 1])
            #expect(
                try await timeline.list(["occurred_at[gte]": time(2), "occurred_at[lte]": time(3)]).sequences == [2, 3]
            )
            let first = try await timeline.list(["occurred_at[gte]": time(0), "limit": "2"])
            #expect(first.sequences == [4, 2])
            let second = try await timeline.list(
                ["occurred_at[gte]": time(0), "limit": "2", "cursor": first["next_cursor"]?.string ?? ""]
            )
            #expect(second.sequences == [3, 1])
            #expect(second["has_more"] == false)
        }
    }

    @Test func pagesThroughMonths() async throws {
        try await TimelineFixture.run { timeline in
            for _ in 0..<6 {
                try await timeline.record(count: 4)
                timeline.service.clock.advance(bySeconds: 35 * 86_400)
            }
            var seen: [Int64] = []
            var parameters = ["limit": "5"]
            while true {
                let page = try await timeline.list(parameters)
                #expect(page.sequences.count == (seen.count < 20 ? 5 : 4))
                seen += page.sequences
                guard let next = page["next_cursor"]?.string else { break }
                parameters["cursor"] = next
            }
            #expect(seen == Array((1...24).reversed()))
        }
    }

    @Test func refusesAnotherListsCursor() async throws {
        try await TimelineFixture.run { timeline in
            try await timeline.record(count: 3)
            let cursor = try await timeline.list(["limit": "1"])["next_cursor"]?.string ?? ""
            for (parameters, caller) in [
                (["type": "paid", "cursor": cursor], nil), (["cursor": cursor], timeline.service.stranger),
            ] {
                let fault = await timeline.service.refusal("timeline.activity.list/1", parameters, as: caller)
                #expect(fault?.problems.first?.pointer == "/query/cursor")
            }
        }
    }

    @Test func tellsAStoryCausesFirst() async throws {
        try await TimelineFixture.run { timeline in
            let story = Identifier.random()
            let won = timeline.event("deal.won", correlation: story)
            let signed = timeline.event("contract.signed", .signed, correlation: story, causation: won.id)
            let started = timeline.event("engagement.started", correlation: story, causation: signed.id)
            // The later service was read first.
            try await timeline.record([started], from: "delivery")
            try await timeline.record([won, signed, timeline.event("deal.lost")])
            let trace = try await timeline.service.json("timeline.activity.trace/1", ["correlation_id": "\(story)"])
            #expect(trace.data("type") == ["deal.won", "contract.signed", "engagement.started"])
            #expect(trace.data("seq") == [2, 3, 1])
            #expect(trace.data("causation_id").last == .string(signed.id.description))
            #expect(trace["has_more"] == false)
        }
    }

    @Test func largeEntriesMakePagesAndStoriesShorter() async throws {
        try await TimelineFixture.run { timeline in
            let story = Identifier.random()
            let payload = #"{"data":{"note":""# + String(repeating: "n", count: 60_000) + #""}}"#
            try await timeline.record((0..<20).map { _ in timeline.event(correlation: story, payload: payload) })
            var seen: [Int64] = []
            var parameters: [String: String] = [:]
            while true {
                let page = try await timeline.service.call("timeline.activity.list/1", parameters)
                #expect(page.body.count < Reply.bytesEnough + 64 * 1_024)
                seen += try JSON(parsing: page.body).sequences
                guard let next = page.next else { break }
                parameters["cursor"] = next
            }
            #expect(seen == Array((1...20).reversed()))
        }
    }

    /// Half a frame, for an engagement's trace tells it twice.
    @Test func aLongStoryEndsBeforeItsAnswerIsTooLarge() async throws {
        try await TimelineFixture.run { timeline in
            let story = Identifier.random()
            for _ in 0..<12 { try await timeline.record((0..<100).map { _ in timeline.event(correlation: story) }) }
            let reply = try await timeline.service.call("timeline.activity.trace/1", ["correlation_id": "\(story)"])
            #expect(reply.body.count < 500 * 1_024)
            let trace = try JSON(parsing: reply.body)
            #expect(trace["has_more"] == true)
            #expect((400..<1_000).contains(trace.data("seq").count))
            #expect(trace.data("seq").first == 1)
        }
    }
}
