internal import CRMService
internal import TestKit
internal import Testing

/// What the service reads does not cost more with all that was ever stored.
@Suite struct PlanTests {
    /// What does not hold at a million rows, and why it need not. One that holds by now is to leave this list.
    private static let exceptions: [String: String] = [
        "crm.contract.list?currency": currency, "crm.deal.list?currency": currency,
        "crm.proposal.list?currency": currency,
        "crm.deal.list?sort=position": board, "crm.deal.list?sort=-position": board,
        "crm.pipeline.forecast": forecast, "crm.pipeline.forecast?from": forecast,
        "crm.pipeline.forecast?months": forecast,
        "crm.pipeline.get": "sums up every deal that the organization has, as they lie in its index",
        "crm.pipeline.lost_reasons": lost, "crm.pipeline.lost_reasons?from": lost,
        "crm.pipeline.lost_reasons?until": lost,
        "crm.pipeline.stages": moves, "crm.pipeline.stages?from": moves, "crm.pipeline.stages?until": moves,
    ]
    private static let forecast = "sums up the organization's open deals, and those won in its months"
    private static let lost = "sums up the deals that were lost in its period"
    private static let moves = "sums up the moves of its period"
    private static let board =
        "a place is a place within a stage: a board is asked for by stage, in the order of its index"
    /// Nearly all rows have the organization's own, and a page of those is found at once.
    private static let currency = "a currency that hardly any row has is looked for in all of the organization's"

    @Test func `Every read keeps to its indexes at a million rows`() async throws {
        let log = ReadLog()
        try await TestService.run(CRM.migrations, configuration: log.configuration, crmRouter) { service in
            try await Plans.expect(
                of: service,
                log,
                except: Self.exceptions,
                // Where nothing is defined, custom fields have any name.
                afterFilling: "DELETE FROM custom_field"
            )
        }
    }
}
