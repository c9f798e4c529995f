internal import DeliveryService
internal import Resources
internal import TestKit
internal import Testing

/// What the service reads does not cost more with all that was ever stored.
@Suite struct PlanTests {
    /// What does not hold at a million rows, and why it need not. One that holds by now is to leave this list.
    private static let exceptions: [String: String] = [:]

    @Test func `Every read keeps to its indexes at a million rows`() async throws {
        let log = ReadLog()
        let make = { (persistence: Persistence) in Delivery(persistence).router(peers: World.nobody) }
        try await TestService.run(Delivery.migrations, service: "delivery", configuration: log.configuration, make) {
            service in
            try await Plans.expect(of: service, log, except: Self.exceptions)
        }
    }
}
