internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// Something that happened to an account, a key or a member. It is written once and never changed.
    static let securityEvent: Resource = {
        var resource = Resource(
            service: "identity",
            name: "security_event",
            plural: "security-events",
            table: "security_event",
            fields: [
                .choice("type", SecurityEventRule.types).readOnly().filterable().example("session.started"),
                .identifier("user_id").nullable().readOnly().filterable().described("Whom it is about."),
                .text("user_name", max: 200).nullable().readOnly().redacted(.name).example("Grace Hopper")
                    .described("Their name in this organization as it is now; that of somebody who was removed too."),
                .choice("actor_kind", Actor.Kind.self).readOnly(),
                .identifier("actor_id").readOnly().filterable().described(
                    "Who did it: a user, an API key; for an attempt that failed, whose account it was made at."
                ),
                .text("subject_type", max: 63).readOnly().described("What it happened to: `session`, `api_key`."),
                .identifier("subject_id").readOnly().filterable(),
                .text("network", max: 64).nullable().readOnly().example("192.0.2.0/24").described(
                    "From where, where that is known: never a whole address."
                ),
                .document("detail", bytesMax: 4_096).readOnly().redacted(.content),
            ]
        )
        resource.computed = [
            "user_name": """
            SELECT m.name FROM organization_member m
            WHERE m.organization_id = security_event.organization_id AND m.user_id = security_event.user_id
            ORDER BY m.created_at DESC LIMIT 1
            """
        ]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = [.get, .list]
        // A program that watches over the organization may read them, with the scope for that.
        resource.read = Access(.role(.admin), scope: "identity:read")
        return resource
    }()
}
