internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Vocabulary

/// Why deals were lost, and what they would have brought.
struct GetLostReasons: Operation {
    static let declaration = OperationDeclaration(
        "crm.pipeline.lost_reasons",
        .get("/v1/pipeline/lost-reasons"),
        access: .read("crm"),
        "Counts and amounts of the deals that were lost in a period, by currency and reason."
    )
    .described("Deals that are lost now and were closed in the period; the reason that took most comes first.")
    .query(ReportPeriod.query)
    .answers(.object("LostReasons", fields))
    .faults(.invalidRequest)

    private static let row: [Field] = [
        .currency(),
        .choice("lost_reason", Deal.LostReason.self),
        .integer("count", 0...Int64.max),
        .money("amount_minor", 0...Int64.max),
        DealLink.field("deals"),
    ]
    private static let fields: [Field] = [
        .date("from"), .date("until"), .list("data", of: row, countMax: Int.max),
    ]

    let period: ReportPeriod

    init(_ input: Values) throws(Fault) { self.period = ReportPeriod(input) }
}

/// Serves what was lost, by its reasons.
struct LostReasons: Sendable {
    let database: Database

    func register(in router: inout Router) {
        router.serve(GetLostReasons.self) { request, context in
            let caller = try context.caller()
            let days = try request.period.days(caller, context)
            let span = caller.zone.span(days)
            let rows = try await self.database.read(
                .organization(caller.organization),
                """
                SELECT currency, lost_reason, count(*) AS count, coalesce(sum(amount_minor), 0)::bigint AS amount_minor
                FROM deal WHERE organization_id = $1 AND deleted_at IS NULL AND stage = 'lost' AND closed_at >= $2 AND closed_at < $3
                    AND ($4::uuid IS NULL OR owner_id = $4::uuid)
                GROUP BY currency, lost_reason ORDER BY currency, amount_minor DESC, count DESC, lost_reason
                """,
                [
                    .uuid(caller.organization), .instant(span.start), .instant(span.end),
                    request.period.owner.map(SQLValue.uuid) ?? .null,
                ],
                deadline: context.deadline
            )
            var data: [JSON] = []
            for row in rows {
                let (currency, reason) = (try row.text("currency"), try row.text("lost_reason"))
                let link = DealLink(currency: currency, owner: request.period.owner)
                    .with("stage", Deal.Stage.lost.rawValue).with("lost_reason", reason)
                    .with("closed_at[gte]", span.start.description).with("closed_at[lt]", span.end.description)
                data.append([
                    "currency": .string(currency), "lost_reason": .string(reason),
                    "count": .int(try row.int("count")), "amount_minor": .int(try row.int("amount_minor")),
                    "deals": link.json,
                ])
            }
            let answer: JSON = [
                "from": .string(days.from.description), "until": .string(days.until.description), "data": .array(data),
            ]
            return Reply(body: answer.bytes)
        }
    }
}
