internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A token of somebody else's service. What it is, no answer shows.
    static let integrationToken: Resource = {
        var resource = Resource(
            service: "identity",
            name: "integration_token",
            plural: "integration-tokens",
            table: "integration_token",
            fields: [
                .choice("provider", TokenProvider.self).required().filterable().described("Whose token it is."),
                .text("name", max: 200).required().example("The books at Xero"),
                .instant("expires_at").nullable().described("Nobody is given it after that."),
                .instant("replaced_at").nullable().readOnly(),
                .instant("last_used_at").nullable().readOnly(),
                .instant("revoked_at").nullable().readOnly(),
            ]
        )
        // Hexadecimal with a leading \x, as PostgreSQL reads and prints a bytea.
        resource.hidden = [
            .text("sealed", max: 2 + 2 * (4 * IntegrationTokens.secretLengthMax + VaultKeyRing.overheadBytes))
                .nullable(),
            .text("key_id", max: VaultKeyRing.idLengthMax).nullable(),
        ]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = [.get, .list]
        // A program's key manages no tokens, as it manages no keys.
        resource.read = APIKeys.access
        return resource
    }()
}
