internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// What the sales in progress and past amount to, by currency and stage.
struct GetPipeline: Operation {
    static let declaration = OperationDeclaration(
        "crm.pipeline.get",
        .get("/v1/pipeline"),
        access: .read("crm"),
        "Counts and amounts of the deals, by currency and stage."
    )
    .described(
        "Every stage is listed for each currency in use. A weighted amount is the sum of each deal's amount times its probability."
    )
    .query([.identifier("owner_id").described("Only deals of this member.")])
    .answers(.object("Pipeline", fields))
    .faults(.invalidRequest)

    private static let figures: [Field] = [
        .integer("count", 0...Int64.max),
        .money("amount_minor", 0...Int64.max),
        .money("weighted_minor", 0...Int64.max),
    ]
    private static let stage: [Field] =
        [.currency(), .choice("stage", Deal.Stage.self)] + figures + [DealLink.field("deals")]
    private static let totals: [Field] =
        [.currency()] + figures + [
            .integer("open_count", 0...Int64.max),
            .money("open_minor", 0...Int64.max),
            .money("open_weighted_minor", 0...Int64.max),
            .integer("won_count", 0...Int64.max),
            .money("won_minor", 0...Int64.max),
            .integer("lost_count", 0...Int64.max),
            .money("lost_minor", 0...Int64.max),
            DealLink.field("deals"),
            DealLink.field("open_deals"),
        ]
    private static let fields: [Field] = [
        .list("data", of: stage, countMax: Int.max), .list("totals", of: totals, countMax: Int.max),
    ]

    let owner: Identifier?

    init(_ input: Values) throws(Fault) {
        self.owner = input.optionalIdentifier("owner_id")
    }
}

/// Serves the pipeline from one index scan.
struct Pipeline: Sendable {
    let database: Database

    func register(in router: inout Router) {
        router.serve(GetPipeline.self) { request, context in
            let organization = try context.caller().organization
            // Each deal's weighted amount is rounded half away from zero, as the deal itself has it.
            let rows = try await self.database.read(
                .organization(organization),
                """
                SELECT currency, stage, count(*) AS count, coalesce(sum(amount_minor), 0)::bigint AS amount_minor,
                    coalesce(sum(round(amount_minor * probability / 100.0)), 0)::bigint AS weighted_minor
                FROM deal WHERE organization_id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR owner_id = $2::uuid)
                GROUP BY currency, stage ORDER BY currency
                """,
                [.uuid(organization), request.owner.map(SQLValue.uuid) ?? .null],
                deadline: context.deadline
            )
            var currencies: [String] = []
            var sums: [String: [Deal.Stage: Figures]] = [:]
            for index in 0..<rows.count {
                let currency = try rows[index].text("currency")
                if sums[currency] == nil { currencies.append(currency) }
                sums[currency, default: [:]][try Deal.Stage(stored: try rows[index].text("stage"))] = Figures(
                    count: try rows[index].int("count"),
                    amount: try rows[index].int("amount_minor"),
                    weighted: try rows[index].int("weighted_minor")
                )
            }
            return Reply(body: Self.answer(currencies, sums, of: request.owner).bytes)
        }
    }

    private struct Figures {
        var count: Int64 = 0
        var amount: Int64 = 0
        var weighted: Int64 = 0

        var members: [JSONObject.Member] {
            [("count", .int(self.count)), ("amount_minor", .int(self.amount)), ("weighted_minor", .int(self.weighted))]
        }

        static func + (left: Figures, right: Figures) -> Figures {
            Figures(
                count: left.count + right.count,
                amount: left.amount + right.amount,
                weighted: left.weighted + right.weighted
            )
        }
    }

    private static func answer(
        _ currencies: [String],
        _ sums: [String: [Deal.Stage: Figures]],
        of owner: Identifier?
    ) -> JSON {
        var stages: [JSON] = []
        var totals: [JSON] = []
        for currency in currencies {
            let figures = sums[currency] ?? [:]
            let link = DealLink(currency: currency, owner: owner)
            for stage in Deal.Stage.allCases {
                let members: [JSONObject.Member] = [
                    ("currency", .string(currency)), ("stage", .string(stage.rawValue)),
                ]
                let deals: JSONObject.Member = ("deals", link.with("stage", stage.rawValue).json)
                stages.append(.object(JSONObject(members + (figures[stage] ?? Figures()).members + [deals])))
            }
            let all = Deal.Stage.allCases.reduce(Figures()) { $0 + (figures[$1] ?? Figures()) }
            let open = Deal.Stage.allCases.filter(\.isOpen).reduce(Figures()) { $0 + (figures[$1] ?? Figures()) }
            let (won, lost) = (figures[.won] ?? Figures(), figures[.lost] ?? Figures())
            totals.append(
                .object(
                    JSONObject(
                        [("currency", .string(currency))] + all.members + [
                            ("open_count", .int(open.count)), ("open_minor", .int(open.amount)),
                            ("open_weighted_minor", .int(open.weighted)),
                            ("won_count", .int(won.count)), ("won_minor", .int(won.amount)),
                            ("lost_count", .int(lost.count)), ("lost_minor", .int(lost.amount)),
                            ("deals", link.json), ("open_deals", link.open.json),
                        ]
                    )
                )
            )
        }
        return ["data": .array(stages), "totals": .array(totals)]
    }
}
