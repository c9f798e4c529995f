internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Vocabulary

/// What is expected to be won, and what was, by month and owner.
struct GetForecast: Operation {
    static let monthsMax: Int64 = 24

    static let declaration = OperationDeclaration(
        "crm.pipeline.forecast",
        .get("/v1/pipeline/forecast"),
        access: .read("crm"),
        "What the open deals are expected to bring, and what was won, by currency, month and owner."
    )
    .described(
        "Open deals count in the month of `expected_close_on`; those expected before `from` are `overdue`, those without a date `undated`. "
            + "Won deals count in the month of `closed_at`, in the organization's zone. A weighted amount is amount times probability."
    )
    .query([
        .date("from").described("Any day of the first month; this month by default."),
        .integer("months", 1...monthsMax).defaulting(to: 6),
        .identifier("owner_id").described("Only deals of this member."),
    ])
    .answers(.object("Forecast", fields))
    .faults(.invalidRequest)

    private static let row: [Field] = [
        .currency(),
        .choice("period", Forecast.Period.self),
        .date("month").nullable().described("The first day of the month; `null` for `overdue` and `undated`."),
        .identifier("owner_id").nullable(),
        .integer("open_count", 0...Int64.max),
        .money("open_minor", 0...Int64.max),
        .money("weighted_minor", 0...Int64.max),
        .integer("won_count", 0...Int64.max),
        .money("won_minor", 0...Int64.max),
        DealLink.field("open_deals"),
        DealLink.field("won_deals").nullable(),
    ]
    private static let fields: [Field] = [
        .date("from"), .date("until").described("The last day of the last month."),
        .list("data", of: row, countMax: Int.max)
            .described("By currency, then overdue, the months and undated, then owner; only where there are deals."),
    ]

    let from: LocalDate?
    let months: Int64
    let owner: Identifier?

    init(_ input: Values) throws(Fault) {
        self.from = input.optionalDate("from")
        self.months = try input.integer("months")
        self.owner = input.optionalIdentifier("owner_id")
    }
}

/// Serves the forecast.
struct Forecast: Sendable {
    /// When a deal is expected, in the order of the answer.
    enum Period: String, CaseIterable {
        case overdue, month, undated
    }

    let database: Database

    func register(in router: inout Router) {
        router.serve(GetForecast.self) { request, context in
            let caller = try context.caller()
            let first = (request.from ?? caller.zone.date(at: context.now)).firstDayOfMonth
            let end = first.adding(months: Int(request.months))
            let rows = try await self.database.read(
                .organization(caller.organization),
                Self.sums,
                [
                    .uuid(caller.organization), .date(first), .date(end),
                    .instant(caller.zone.startOfDay(first)), .instant(caller.zone.startOfDay(end)),
                    .text(caller.zone.identifier), request.owner.map(SQLValue.uuid) ?? .null,
                ],
                deadline: context.deadline
            )
            var data: [JSON] = []
            for row in rows { data.append(try Self.json(row, from: first, in: caller.zone)) }
            let answer: JSON = [
                "from": .string(first.description), "until": .string(end.adding(days: -1).description),
                "data": .array(data),
            ]
            return Reply(body: answer.bytes)
        }
    }

    /// Each deal's weighted amount is rounded half away from zero, as the pipeline has it.
    private static let sums: SQL = """
        WITH counted AS (
            SELECT currency, owner_id, true AS is_open, amount_minor, probability,
                CASE WHEN expected_close_on IS NULL THEN 'undated' WHEN expected_close_on < $2 THEN 'overdue' ELSE 'month' END AS period,
                CASE WHEN expected_close_on >= $2 THEN date_trunc('month', expected_close_on)::date END AS month
            FROM deal WHERE organization_id = $1 AND deleted_at IS NULL AND stage IN ('lead', 'qualified', 'proposal', 'negotiation')
                AND (expected_close_on IS NULL OR expected_close_on < $3) AND ($7::uuid IS NULL OR owner_id = $7::uuid)
            UNION ALL
            SELECT currency, owner_id, false, amount_minor, probability, 'month',
                date_trunc('month', closed_at AT TIME ZONE $6)::date
            FROM deal WHERE organization_id = $1 AND deleted_at IS NULL AND stage = 'won' AND closed_at >= $4 AND closed_at < $5
                AND ($7::uuid IS NULL OR owner_id = $7::uuid)
        )
        SELECT currency, period, month, owner_id,
            count(*) FILTER (WHERE is_open) AS open_count,
            coalesce(sum(amount_minor) FILTER (WHERE is_open), 0)::bigint AS open_minor,
            coalesce(sum(round(amount_minor * probability / 100.0)) FILTER (WHERE is_open), 0)::bigint AS weighted_minor,
            count(*) FILTER (WHERE NOT is_open) AS won_count,
            coalesce(sum(amount_minor) FILTER (WHERE NOT is_open), 0)::bigint AS won_minor
        FROM counted GROUP BY currency, period, month, owner_id
        ORDER BY currency, array_position(ARRAY['overdue', 'month', 'undated'], period), month, owner_id NULLS LAST
        """

    private static func json(_ row: Row, from first: LocalDate, in zone: Zone) throws -> JSON {
        let month = try row.dateOrNil("month")
        let period = try row.text("period")
        let owner = try row.uuidOrNil("owner_id")
        var link = DealLink(currency: try row.text("currency"), owner: owner)
        if owner == nil { link = link.with("owner_id[null]", "true") }
        let open =
            switch (Period(rawValue: period), month) {
            case (.month, let month?):
                link.open.with("expected_close_on[gte]", month.description)
                    .with("expected_close_on[lte]", month.lastDayOfMonth.description)
            case (.undated, _):
                link.open.with("expected_close_on[null]", "true")
            default:
                link.open.with("expected_close_on[lt]", first.description)
            }
        let won = month.map { month in
            link.with("stage", Deal.Stage.won.rawValue)
                .with("closed_at[gte]", zone.startOfDay(month).description)
                .with("closed_at[lt]", zone.startOfDay(month.adding(months: 1)).description).json
        }
        return [
            "currency": .string(try row.text("currency")), "period": .string(period),
            "month": month.map { .string($0.description) } ?? .null,
            "owner_id": owner.map { .string($0.description) } ?? .null,
            "open_count": .int(try row.int("open_count")), "open_minor": .int(try row.int("open_minor")),
            "weighted_minor": .int(try row.int("weighted_minor")),
            "won_count": .int(try row.int("won_count")), "won_minor": .int(try row.int("won_minor")),
            "open_deals": open.json, "won_deals": won ?? .null,
        ]
    }
}
