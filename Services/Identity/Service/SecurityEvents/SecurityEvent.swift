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
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = [.get, .list]
        // A program that watches over the organization may read them, with the scope for that.
        resource.read = Access(.role(.admin), scope: "identity:read")
        return resource
    }()
}
