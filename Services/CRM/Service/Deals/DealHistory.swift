internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// One move of a deal: the stage that was left, since when it had been in it, and where it went.
    static let dealStageHistory: Resource = {
        var resource = Resource(
            service: "crm",
            name: "deal_stage_history",
            plural: "deal-stage-history",
            table: "deal_stage_history",
            fields: [
                .identifier("deal_id").readOnly(),
                .choice("from_stage", Deal.Stage.self).readOnly().filterable(),
                .choice("to_stage", Deal.Stage.self).readOnly().filterable(),
                .instant("entered_at").readOnly(),
                .instant("left_at").readOnly(),
                .integer("duration_seconds", 0...Int64.max).readOnly().described("How long it was in `from_stage`."),
                .choice("actor_kind", Caller.Kind.self).readOnly(),
                .identifier("actor_id").readOnly(),
                .text("note", max: 2_000).nullable().readOnly(),
            ]
        )
        resource.computed = [
            "duration_seconds": "greatest(extract(epoch FROM left_at - entered_at), 0)::bigint"
        ]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = []
        resource.defaultSort = "created_at"
        return resource
    }()
}

enum DealHistory {
    /// Writes down one move of a deal.
    static func record(
        _ moved: DealMoved,
        by caller: Caller,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws {
        try transaction.queue(
            """
            INSERT INTO deal_stage_history (organization_id, id, deal_id, from_stage, to_stage, entered_at, left_at, actor_kind, actor_id, note,
                created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $7, $7)
            """,
            [
                .uuid(caller.organization), .uuid(Identifier.next(at: now)), .uuid(moved.dealID),
                .text(moved.from.rawValue), .text(moved.to.rawValue),
                .instant(moved.enteredAt), .instant(moved.leftAt),
                .text(caller.kind.rawValue), .uuid(caller.subject), moved.note.map(SQLValue.text) ?? .null,
            ]
        )
    }
}
