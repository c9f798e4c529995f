internal import Resources

extension Resource {
    /// What an organization defines of its own for companies, contacts and deals.
    static let customField = Resource.customField(
        service: "crm",
        entities: ["client_company", "contact", "deal"],
        references: ["client_company", "contact", "deal"]
    )
}

extension CustomFieldRules {
    static let crm = CustomFieldRules(references: [.clientCompany, .contact, .deal])
}
