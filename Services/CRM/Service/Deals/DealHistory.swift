internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources

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
                .choice("actor_kind", Caller.Kind.self).readOnly(),
                .identifier("actor_id").readOnly(),
                .text("note", max: 2_000).nullable().readOnly(),
            ]
        )
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = []
        resource.defaultSort = "created_at"
        return resource
    }()
}
