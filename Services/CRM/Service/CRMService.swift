public import Contracts
internal import EventLog
public import Postgres
public import Resources

/// Everything the crm service serves, in one readable list.
public func crmRouter(_ persistence: Persistence) -> Router {
    var router = persistence.router(for: "crm")
    persistence.serve(.clientCompany, in: &router)
    persistence.serve(.contact, in: &router)
    let deals = persistence.serve(.deal, in: &router)
    DealMoves(deals: deals, commands: persistence.commands).register(in: &router)
    return router
}

public enum CRM {
    public static let migrations = EventLog.migrations + [
        Migration("crm_001", PackageResources.crm_001_companies_and_deals_sql)
    ]
}
