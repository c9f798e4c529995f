internal import Resources
internal import RevenueService
internal import TestKit
internal import Testing

/// What the service reads does not cost more with all that was ever stored.
@Suite struct PlanTests {
    /// What does not hold at a million rows, and why it need not. One that holds by now is to leave this list.
    private static let exceptions: [String: String] = [
        "revenue.invoice.list?currency": currency, "revenue.payment.list?currency": currency,
        "revenue.payment.list?method": "a page of one method is found among six pages of all",
        "revenue.payment.list?method[in]": "as of one method",
        "revenue.number_series.list?year": "a row a kind and year",
        "revenue.client_balance.list?currency": "a row a client that was ever overpaid",
        "revenue.client_balance.list?unapplied_minor":
            "a row a client that was ever overpaid, changed with each payment",
    ]
    /// Nearly all rows have the organization's own, and a page of those is found at once.
    private static let currency = "a currency that hardly any row has is looked for in all of the organization's"

    @Test func `Every read keeps to its indexes at a million rows`() async throws {
        let log = ReadLog()
        let make = { (persistence: Persistence) in Revenue(persistence).router() }
        try await TestService.run(Revenue.migrations, service: "revenue", configuration: log.configuration, make) {
            service in
            try await Plans.expect(of: service, log, except: Self.exceptions)
        }
    }
}
