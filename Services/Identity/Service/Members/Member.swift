internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// Somebody's place in an organization. It carries the person's name and address as this organization's records show them.
    static let member: Resource = {
        var resource = Resource(
            service: "identity",
            name: "member",
            plural: "members",
            table: "organization_member",
            fields: [
                .identifier("user_id").readOnly().filterable(),
                .text("name", max: 200).required().filterable().sortable().redacted(.name).untold()
                    .example("Grace Hopper"),
                .email("email").required().filterable().untold().example("grace@example.com"),
                .choice("role", Role.self).required().filterable().sortable(),
                .choice("status", Membership.Status.self).readOnly().filterable().described("Whether they are let in."),
            ]
        )
        resource.hasExternalID = false
        // The others are verbs: who may do what to whom is a rule of its own.
        resource.actions = [.get, .list]
        return resource
    }()
}
