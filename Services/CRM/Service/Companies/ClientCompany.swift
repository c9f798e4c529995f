internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A company that the firm works for, or would like to.
    static let clientCompany: Resource = {
        var resource = Resource(
            service: "crm",
            name: "client_company",
            plural: "client-companies",
            table: "client_company",
            fields: [
                .text("name", max: 200).required().filterable().sortable().example("Northwind Traders"),
                .text("domain", max: 253).nullable().filterable().example("northwind.example"),
                .email("email").nullable().filterable(),
                .text("phone", max: 40, .phone).nullable(),
                .text("website", max: 500, .uri).nullable(),
                .text("industry", max: 100).nullable().filterable(),
                .integer("employees", 0...10_000_000).nullable(),
                .money("annual_revenue_minor").nullable(),
                .currency().described("In which it is billed; by default the organization's."),
                .object("address", PostalAddress.fields).nullable(),
                .text("tax_id", max: 64).nullable().redacted(.taxID),
                .text("parent_name", max: 200).nullable().described("The company this one is a subsidiary of."),
                .list("tags", of: .text(TextRule(lengthMax: 50)), countMax: 50).defaulting(to: []),
                .identifier("owner_id").nullable().filterable().described("The member who looks after it."),
                .text("source", max: 100).nullable().filterable(),
                .text("notes", max: 20_000).nullable().redacted(.content),
            ]
        )
        resource.hasCustomFields = true
        resource.customFieldRules = .crm
        resource.actions.insert(.batch)
        resource.references = [.init("owner_id", toCopy: .member)]
        resource.dependents = [
            .init(.restrict, .contract, by: "client_company_id"),
            .init(.cascade, .contact, by: "client_company_id"),
            .init(.cascade, .deal, by: "client_company_id"),
            .init(.cascade, .proposal, by: "client_company_id"),
        ]
        resource.hooks.create = { values, context, _ in
            if !values.has("currency") { values["currency"] = .text(try context.caller().currency.code) }
        }
        resource.summary = "A company that the firm works for, or would like to."
        return resource
    }()
}
