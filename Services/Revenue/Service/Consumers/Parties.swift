internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Whom an invoice or a schedule is for: an engagement, whose client, contract and story it takes over, or a client alone.
struct Parties: Sendable {
    let client: Identifier?
    let engagement: Identifier?

    init(_ input: Values) throws(Fault) {
        self.client = input.optionalIdentifier("client_company_id")
        self.engagement = input.optionalIdentifier("engagement_id")
        guard self.client != nil || self.engagement != nil else {
            throw Fault.invalid("/client_company_id", "required", "Name a client company or an engagement.")
        }
    }

    /// Sets the columns that follow from them; refuses what is not known. Answers the engagement, where one is named.
    @discardableResult
    func settle(
        in values: inout Values,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> EngagementReference? {
        guard let engagement = self.engagement else {
            if let client = self.client { try References.requireClient(client, for: organization, in: transaction) }
            return nil
        }
        guard let known = try References.engagement(engagement, for: organization, in: transaction) else {
            throw References.engagement.unknown(at: "engagement_id")
        }
        guard let owner = known.clientCompanyID ?? self.client else {
            throw Fault.invalid(
                "/client_company_id",
                "required",
                "The engagement has no client company, so one must be named."
            )
        }
        guard self.client == nil || self.client == owner else {
            throw Fault.invalid(
                "/client_company_id",
                "not_of_engagement",
                "The engagement is of another client company."
            )
        }
        if known.clientCompanyID == nil { try References.requireClient(owner, for: organization, in: transaction) }
        values["client_company_id"] = .identifier(owner)
        values["contract_id"] = known.contractID.map(Value.identifier) ?? .null
        values["contract_version_id"] = known.contractVersionID.map(Value.identifier) ?? .null
        values["deal_id"] = known.dealID.map(Value.identifier) ?? .null
        values["correlation_id"] = .identifier(known.correlation)
        return known
    }
}
