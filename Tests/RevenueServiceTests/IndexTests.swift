internal import TestKit
internal import Testing

/// What a list can be asked for is found without reading every row of an organization.
@Suite struct IndexTests {
    /// What no index serves, and why it need not. One that is served by now is to leave this list.
    private static let exceptions: [String: String] = [
        "invoice.currency": few, "payment.currency": few, "payment.method": few, "invoice_schedule.origin": few,
        "number_series.year": "a row a kind and year",
        "client_balance.currency": "a row a client that was ever overpaid",
        "client_balance.unapplied_minor": "a row a client that was ever overpaid, changed with each payment",
    ]
    private static let few = "few values in an organization: the list by age comes upon them at once"

    @Test func everyFilterAndSortHasItsIndex() async throws {
        try await Fixture.run { fixture in
            let missing = try await Indexes.missing(in: fixture.service)
            #expect(missing == Self.exceptions.keys.sorted())
        }
    }
}
