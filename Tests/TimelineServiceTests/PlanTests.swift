internal import Resources
internal import TestKit
internal import Testing
internal import TimelineService

/// What the service reads does not cost more with all that was ever stored.
@Suite struct PlanTests {
    /// What does not hold at a million rows, and why it need not. One that holds by now is to leave this list.
    private static let exceptions: [String: String] = [
        "timeline.events.list": months, "timeline.events.list?after": months,
        "timeline.activity.proof": months,
        "timeline.activity.trace": story,
        "timeline.activity.list?occurred_at[gte]": "the months that were asked for, and none before",
        "timeline.activity.list?occurred_at[lte]": "the months that were asked for",
    ]
    private static let months =
        "the months before the place in the sequence are left out while it runs, which no plan shows"
    private static let story = "a story has entries in any month; each is asked once, by its index"

    @Test func `Every read keeps to its indexes at a million rows`() async throws {
        let log = ReadLog()
        let make = { (persistence: Persistence) in timelineRouter(persistence, ActivityLog()) }
        try await TestService.run(Timeline.migrations, service: "timeline", configuration: log.configuration, make) {
            service in
            try await Plans.expect(of: service, log, except: Self.exceptions)
        }
    }
}
