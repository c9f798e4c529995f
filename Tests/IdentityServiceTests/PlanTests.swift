internal import IdentityService
internal import Resources
internal import TestKit
internal import Testing

/// What the service reads does not cost more with all that was ever stored.
@Suite struct PlanTests {
    /// What does not hold at a million rows, and why it need not. One that holds by now is to leave this list.
    private static let exceptions: [String: String] = [
        "identity.security_event.list?type[in]":
            "a page of one type is found among as many pages of all as there are types",
        "identity.personal_data.export":
            "a page is of one person's records of one kind, which are all looked at: thousands at most, and asked for once in years",
    ]

    @Test func `Every read keeps to its indexes at a million rows`() async throws {
        let log = ReadLog()
        let make = { (persistence: Persistence) in
            identityRouter(try IdentityParts(persistence, try IdentityHarness.options()))
        }
        try await TestService.run(Identity.migrations, service: "identity", configuration: log.configuration, make) {
            service in
            try await Plans.expect(of: service, log, except: Self.exceptions)
        }
    }
}
