internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A credential of a program. Its secret is shown once; what is stored of it is its SHA-256.
    static let apiKey: Resource = {
        var resource = Resource(
            service: "identity",
            name: "api_key",
            plural: "api-keys",
            table: "api_key",
            fields: [
                .text("name", max: 200).required().filterable().sortable().example("Nightly import"),
                .text("prefix", max: 16).readOnly().described("How the key begins, to tell it from others."),
                .list("scopes", of: .choice(Scope.all.map(\.description)), countMax: Scope.all.count).required()
                    .example(["crm:read", "crm:write"]),
                .identifier("member_id").readOnly().filterable().described(
                    "Who made it. It can do no more than they can."
                ),
                .instant("expires_at").nullable(),
                .instant("last_used_at").nullable().readOnly().described("To the minute."),
                .instant("revoked_at").nullable().readOnly(),
                .instant("rotated_at").nullable().readOnly().described("When it got the secret it has."),
                .text("former_prefix", max: 16).nullable().readOnly().described(
                    "How the secret before the last rotation begins."
                ),
                .instant("former_until").nullable().readOnly().described("Until when the secret before works."),
            ]
        )
        // Hexadecimal with a leading \x, as PostgreSQL reads and prints a bytea.
        resource.hidden = [.text("token_sha256", max: 66), .text("former_token_sha256", max: 66).nullable()]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = [.get, .list]
        resource.read = APIKeys.access
        return resource
    }()
}
