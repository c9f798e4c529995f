internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Vocabulary

/// How long deals stay in each stage, and where they go from there.
struct GetStageReport: Operation {
    static let declaration = OperationDeclaration(
        "crm.pipeline.stages",
        .get("/v1/pipeline/stages"),
        access: .read("crm"),
        "How long deals stayed in each stage, and where they went from it."
    )
    .described(
        "Counts the moves of a period, each by the stage that was left; moves of deleted deals are left out. Every open stage is listed."
    )
    .query(ReportPeriod.query)
    .answers(.object("StageReport", fields))
    .faults(.invalidRequest)

    private static let row: [Field] = [
        .choice("stage", Deal.Stage.allCases.filter(\.isOpen).map(\.rawValue)),
        .integer("left_count", 0...Int64.max).described("How often a deal left the stage."),
        .integer("advanced_count", 0...Int64.max).described("To a later stage, `won` included."),
        .integer("returned_count", 0...Int64.max).described("To an earlier stage."),
        .integer("lost_count", 0...Int64.max),
        .integer("average_seconds", 0...Int64.max).nullable().described("`null` where no deal left the stage."),
        .integer("median_seconds", 0...Int64.max).nullable(),
    ]
    private static let fields: [Field] = [
        .date("from"), .date("until"), .list("data", of: row, countMax: Deal.Stage.allCases.count),
    ]

    let period: ReportPeriod

    init(_ input: Values) throws(Fault) { self.period = ReportPeriod(input) }
}

/// Serves what the histories of the deals amount to.
struct StageReport: Sendable {
    let database: Database

    func register(in router: inout Router) {
        router.serve(GetStageReport.self) { request, context in
            let caller = try context.caller()
            let days = try request.period.days(caller, context)
            let span = caller.zone.span(days)
            let rows = try await self.database.read(
                .organization(caller.organization),
                """
                SELECT h.from_stage AS stage, count(*) AS left_count,
                    count(*) FILTER (WHERE h.to_stage <> 'lost'
                        AND array_position($6::text[], h.to_stage) > array_position($6::text[], h.from_stage)) AS advanced_count,
                    count(*) FILTER (WHERE array_position($6::text[], h.to_stage) < array_position($6::text[], h.from_stage)) AS returned_count,
                    count(*) FILTER (WHERE h.to_stage = 'lost') AS lost_count,
                    round(avg(extract(epoch FROM h.left_at - h.entered_at)))::bigint AS average_seconds,
                    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM h.left_at - h.entered_at)))::bigint
                        AS median_seconds
                FROM deal_stage_history h
                JOIN deal d ON d.organization_id = h.organization_id AND d.id = h.deal_id AND d.deleted_at IS NULL
                WHERE h.organization_id = $1 AND h.left_at >= $2 AND h.left_at < $3 AND ($4::uuid IS NULL OR d.owner_id = $4::uuid)
                    AND h.from_stage = ANY ($5::text[])
                GROUP BY h.from_stage
                """,
                [
                    .uuid(caller.organization), .instant(span.start), .instant(span.end),
                    request.period.owner.map(SQLValue.uuid) ?? .null,
                    .texts(Deal.Stage.allCases.filter(\.isOpen).map(\.rawValue)),
                    .texts(Deal.Stage.allCases.map(\.rawValue)),
                ],
                deadline: context.deadline
            )
            var found: [String: JSON] = [:]
            for row in rows { found[try row.text("stage")] = try Self.json(row) }
            let answer: JSON = [
                "from": .string(days.from.description), "until": .string(days.until.description),
                "data": .array(Deal.Stage.allCases.filter(\.isOpen).map { found[$0.rawValue] ?? Self.none(of: $0) }),
            ]
            return Reply(body: answer.bytes)
        }
    }

    private static let counts = ["left_count", "advanced_count", "returned_count", "lost_count"]
    private static let durations = ["average_seconds", "median_seconds"]

    private static func json(_ row: Row) throws -> JSON {
        var members = JSONObject()
        members["stage"] = .string(try row.text("stage"))
        for name in Self.counts + Self.durations { members[name] = .int(try row.int(name)) }
        return .object(members)
    }

    private static func none(of stage: Deal.Stage) -> JSON {
        var members = JSONObject()
        members["stage"] = .string(stage.rawValue)
        for name in Self.counts { members[name] = 0 }
        for name in Self.durations { members[name] = .null }
        return .object(members)
    }
}
