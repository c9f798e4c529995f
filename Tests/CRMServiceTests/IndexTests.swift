internal import CRMService
internal import TestKit
internal import Testing

/// What a list can be asked for is found without reading every row of an organization.
@Suite struct IndexTests {
    /// What no index serves, and why it need not. One that is served by now is to leave this list.
    private static let exceptions: [String: String] = [
        "deal.currency": currency, "proposal.currency": currency, "contract.currency": currency,
    ]
    private static let currency = "few values in an organization: the list by age comes upon them at once"

    @Test func everyFilterAndSortHasItsIndex() async throws {
        try await TestService.run(CRM.migrations, crmRouter) { service in
            let missing = try await Indexes.missing(in: service)
            #expect(missing == Self.exceptions.keys.sorted())
        }
    }
}
