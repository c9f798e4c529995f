internal import Contracts

/// The public "CRM Sales Opportunities" data set, as bodies for the API.
struct MavenData {
    struct Opportunity {
        let externalID: String
        let product: String
        let account: String?
        let agent: String
        let stage: String
        /// In whole dollars; only settled opportunities have one.
        let closeValue: Int64?
    }

    let accounts: [String]
    let agents: [String]
    let opportunities: [Opportunity]

    init(folder: String) throws(CLIFailure) {
        self.accounts = try MavenData.read("accounts", in: folder).compactMap { $0["account"] }
        self.agents = try MavenData.read("sales_teams", in: folder).compactMap { $0["sales_agent"] }
        var opportunities: [Opportunity] = []
        for row in try MavenData.read("sales_pipeline", in: folder) {
            guard let id = row["opportunity_id"], let agent = row["sales_agent"], let product = row["product"],
                let stage = row["deal_stage"].flatMap({ MavenData.stages[$0] })
            else {
                throw CLIFailure(
                    .refusedData,
                    "sales_pipeline.csv: row \(opportunities.count + 2) is not an opportunity"
                )
            }
            opportunities.append(
                Opportunity(
                    externalID: id,
                    // One product is spelled two ways in the source.
                    product: product == "GTXPro" ? "GTX Pro" : product,
                    account: row["account"],
                    agent: agent,
                    stage: stage,
                    closeValue: row["close_value"].flatMap { Int64($0) }
                )
            )
        }
        self.opportunities = opportunities
    }

    private static let stages = ["Prospecting": "lead", "Engaging": "qualified", "Won": "won", "Lost": "lost"]

    private static func read(_ name: String, in folder: String) throws(CLIFailure) -> [CSV.Row] {
        CSV(try Files.read("\(folder)/\(name).csv")).rows
    }

    /// The sum of what was won, in whole dollars.
    var wonValue: Int64 {
        self.opportunities.reduce(0) { $0 + ($1.stage == "won" ? $1.closeValue ?? 0 : 0) }
    }

    func count(of stage: String) -> Int {
        self.opportunities.count { $0.stage == stage }
    }
}

extension MavenData.Opportunity {
    /// The deal in its stage, with what that stage asks for.
    func body(companies: [String: String], members: [String: String]) -> JSON {
        var deal: JSONObject = [
            "name": .string(self.account.map { "\(self.product) for \($0)" } ?? self.product),
            "stage": .string(self.stage), "currency": "USD", "external_id": .string(self.externalID),
        ]
        deal["client_company_id"] = self.account.flatMap { companies[$0] }.map { .string($0) }
        deal["owner_id"] = members[self.agent].map { .string($0) }
        deal["amount_minor"] = self.closeValue.map { .int($0 * 100) }
        if self.stage == "lost" {
            deal["lost_reason"] = "no_decision"
        }
        return .object(deal)
    }
}
