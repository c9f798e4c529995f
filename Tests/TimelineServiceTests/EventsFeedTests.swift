internal import Contracts
internal import TestKit
internal import Testing
internal import TimelineService
internal import Vocabulary

@Suite struct EventsFeedTests {
    @Test func resumesWithoutAGapWhileOthersWrite() async throws {
        try await TimelineFixture.run { timeline in
            try await withThrowingTaskGroup { group in
                for producer in Timeline.producers {
                    group.addTask {
                        for _ in 0..<15 { try await timeline.record(count: 5, from: producer) }
                    }
                }
                group.addTask {
                    var after: Int64 = 0
                    while after < 300 {
                        let page = try await timeline.feed(after: after, limit: 7)
                        let expected = Array((after + 1)..<(after + 1 + Int64(page.sequences.count)))
                        #expect(page.sequences == expected)
                        after = page["next_after"]?.int64 ?? 0
                    }
                    #expect(after == 300)
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func showsTheEventAsItWasPublished() async throws {
        try await TimelineFixture.run { timeline in
            let event = timeline.event("invoice.paid", .paid)
            try await timeline.record([event], from: "revenue")
            let feed = try await timeline.feed(after: 0)
            let item = try #require(feed["data"]?.array?.first)
            #expect(item["id"] == .string(event.id.description))
            #expect(item["type"] == "invoice.paid")
            #expect(item["activity"] == "paid")
            #expect(item["payload"]?["data"]?["amount_minor"] == 120_000)
            #expect(feed["next_after"] == 1)
            #expect(feed["has_more"] == false)
            let nothing = try await timeline.feed(after: 1)
            #expect(nothing["data"] == [])
            #expect(nothing["next_after"] == 1)
        }
    }

    @Test func cutsAnAnswerShortBeforeItIsTooLarge() async throws {
        try await TimelineFixture.run { timeline in
            let large = #"{"data":{"content":""# + String(repeating: "x", count: 200_000) + #""}}"#
            try await timeline.record((0..<6).map { _ in timeline.event(payload: large) })
            let page = try await timeline.feed(after: 0)
            #expect(page.sequences == [1, 2, 3])
            #expect(page["has_more"] == true)
            #expect(try await timeline.feed(after: 3).sequences == [4, 5, 6])
        }
    }

    // The limits are for a stream that never shows what is waited for; the wait for a database of one's own counts too.
    @Test(.timeLimit(.minutes(5))) func streamsFromWhereAClientLeftAndThenLive() async throws {
        try await TimelineFixture.run { timeline in
            try await timeline.record(count: 130)
            let sink = CollectingSink()
            let context = CallContext(
                member: timeline.service.caller,
                requestID: Identifier.random(),
                now: timeline.service.clock.now
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await timeline.service.router.stream(
                        "timeline.events.stream/1",
                        parameters: [(name: "after", value: "4")],
                        body: [],
                        context: context,
                        into: sink
                    )
                }
                await sink.wait(for: 126)
                try await timeline.record([timeline.event(of: timeline.service.stranger.organization)])
                try await timeline.record(count: 3)
                // Another process of the service records, whose signal is not heard here.
                try await TimelineFixture(service: timeline.service, log: ActivityLog()).record(count: 2)
                await sink.wait(for: 131)
                group.cancelAll()
            }
            #expect(sink.items.compactMap { $0["seq"]?.int64 } == Array(5...135))
            #expect(
                sink.items.allSatisfy { $0["organization_id"] == .string(timeline.service.organization.description) }
            )
        }
    }

    @Test(.timeLimit(.minutes(5))) func streamsWhatHappensFromNowOnByDefault() async throws {
        try await TimelineFixture.run { timeline in
            try await timeline.record(count: 3)
            let sink = CollectingSink()
            let context = CallContext(
                member: timeline.service.caller,
                requestID: Identifier.random(),
                now: timeline.service.clock.now
            )
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    try? await timeline.service.router.stream(
                        "timeline.events.stream/1",
                        parameters: [],
                        body: [],
                        context: context,
                        into: sink
                    )
                }
                group.addTask {
                    // The stream may begin a little later than the first of these.
                    while sink.items.isEmpty { try? await timeline.record(count: 1) }
                }
                await sink.wait(for: 1)
                group.cancelAll()
            }
            #expect((sink.items.first?["seq"]?.int64 ?? 0) > 3)
        }
    }
}
