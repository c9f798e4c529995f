internal import Contracts
internal import Postgres
internal import Resources

extension Resource {
    /// A person at a client company.
    static let contact: Resource = {
        var resource = Resource(
            service: "crm",
            name: "contact",
            plural: "contacts",
            table: "contact",
            fields: [
                .identifier("client_company_id").nullable().filterable(),
                .text("first_name", max: 100).nullable().redacted(.name),
                .text("last_name", max: 100).required().sortable().redacted(.name),
                .email("email").nullable().filterable(),
                .text("phone", max: 40, .phone).nullable(),
                .text("title", max: 100).nullable(),
                .list("tags", of: .text(TextRule(lengthMax: 50)), countMax: 50).defaulting(to: []),
                .identifier("owner_id").nullable().filterable(),
                .text("notes", max: 20_000).nullable().redacted(.content),
            ]
        )
        resource.hasCustomFields = true
        resource.customFieldRules = .crm
        resource.actions.insert(.batch)
        resource.references = [
            .init("client_company_id", to: .clientCompany),
            .init("owner_id", toCopy: .member),
        ]
        resource.summary = "A person at a client company."
        return resource
    }()
}
