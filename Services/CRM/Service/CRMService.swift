public import Contracts
public import EventLog
public import Postgres
public import Resources

/// Everything the crm service serves, in one readable list.
public func crmRouter(_ persistence: Persistence) -> Router {
    var router = persistence.router(for: "crm")
    persistence.serve(.customField, in: &router)
    persistence.serve(.clientCompany, in: &router)
    persistence.serve(.contact, in: &router)
    let deals = persistence.serve(.deal, in: &router)
    DealMoves(deals: deals, commands: persistence.commands).register(in: &router)
    persistence.serve(.dealStageHistory, of: .deal, by: "deal_id", as: "history", in: &router)
    DealBoard(deals: deals, commands: persistence.commands).register(in: &router)
    Pipeline(database: persistence.database).register(in: &router)
    Forecast(database: persistence.database).register(in: &router)
    StageReport(database: persistence.database).register(in: &router)
    LostReasons(database: persistence.database).register(in: &router)
    let proposals = persistence.serve(.proposal, in: &router)
    ProposalRules.creation(proposals, persistence.commands).register(in: &router)
    ProposalMoves(proposals: proposals, commands: persistence.commands).register(in: &router)
    persistence.serve(.proposalVersion, of: .proposal, by: "proposal_id", as: "versions", in: &router)
    let contracts = persistence.serve(.contract, in: &router)
    ContractRules.creation(contracts, persistence.commands).register(in: &router)
    ContractMoves(contracts: contracts, commands: persistence.commands).register(in: &router)
    persistence.serve(.contractVersion, of: .contract, by: "contract_id", as: "versions", in: &router)
    Search.register(in: &router, persistence.database)
    ParkedEvents(persistence, service: "crm", handlers: crmHandlers()).register(in: &router)
    return router
}

/// What crm does with other services' events.
public func crmHandlers() -> EventHandlers {
    var handlers = EventHandlers()
    References.follow(&handlers)
    return handlers
}

/// The crm service: its routes, events, consumers and sweeps.
public enum CRM {
    /// The services whose events it follows.
    public static let producers = ["identity", "delivery"]

    public static let migrations =
        EventLog.migrations + [
            Migration("crm_001", PackageResources.crm_001_companies_and_deals_sql),
            Migration("crm_002", PackageResources.crm_002_proposals_and_contracts_sql),
            Migration("crm_003", PackageResources.crm_003_references_sql),
            Migration("crm_004", PackageResources.crm_004_due_dates_sql),
            Migration("crm_005", PackageResources.crm_005_list_indexes_sql),
            Migration("crm_006", PackageResources.crm_006_given_columns_sql),
            Migration("crm_007", PackageResources.crm_007_sandbox_clocks_sql),
            Migration("crm_008", PackageResources.crm_008_members_kept_out_sql),
            Migration("crm_009", PackageResources.crm_009_custom_fields_sql),
            Migration("crm_015", PackageResources.crm_015_board_sql),
            Migration("crm_020", PackageResources.crm_020_search_sql),
        ]
}
