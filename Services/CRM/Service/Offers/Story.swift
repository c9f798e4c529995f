internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// How an offer joins the story that its deal began.
enum Story {
    /// Takes correlation, client and contact from the deal, where there is one. A contact that is deleted is not taken
    /// over, since nobody could name it either.
    static func join(_ values: inout Values, _ organization: Identifier, _ transaction: borrowing Transaction) throws {
        guard let deal = values.optionalIdentifier("deal_id") else { return }
        let rows = try transaction.query(
            """
            SELECT correlation_id, client_company_id,
                (SELECT contact.id FROM contact WHERE contact.organization_id = deal.organization_id
                    AND contact.id = deal.contact_id AND contact.deleted_at IS NULL) AS contact_id
            FROM deal WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
            """,
            [.uuid(organization), .uuid(deal)]
        )
        guard rows.count == 1 else {
            throw Fault.invalid("/deal_id", "unknown_reference", "There is no deal with this id.")
        }
        values["correlation_id"] = .identifier(try rows[0].uuid("correlation_id"))
        if !values.has("client_company_id"), let company = try rows[0].uuidOrNil("client_company_id") {
            values["client_company_id"] = .identifier(company)
        }
        if !values.has("contact_id"), let contact = try rows[0].uuidOrNil("contact_id") {
            values["contact_id"] = .identifier(contact)
        }
    }

    /// Refuses an offer in a lost deal. Asked when the deal is held: it is there, and not lost at the same moment.
    static func requireOpen(
        _ values: Values,
        _ organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws {
        guard let deal = values.optionalIdentifier("deal_id") else { return }
        let rows = try transaction.query(
            "SELECT stage FROM deal WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(deal)]
        )
        guard try rows[0].text("stage") != Deal.Stage.lost.rawValue else {
            throw Rejection.conflict("deal_lost", "This deal is lost; reopen it first.")
        }
    }
}
