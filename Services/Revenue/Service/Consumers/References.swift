internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// An engagement as revenue knows it: whose it is, and which story it belongs to.
struct EngagementReference: Sendable {
    let id: Identifier
    let clientCompanyID: Identifier?
    let contractID: Identifier?
    let contractVersionID: Identifier?
    let dealID: Identifier?
    let correlation: Identifier
    let state: EngagementState
}

/// The local copies of other services' rows.
enum References {
    // MARK: - Reading

    /// An engagement, kept as it is until the transaction ends: what is begun for it is seen by whatever becomes of it next.
    static func engagement(
        _ id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> EngagementReference? {
        let rows = try transaction.query(
            """
            SELECT client_company_id, contract_id, contract_version_id, deal_id, correlation_id, status FROM engagement_ref
            WHERE organization_id = $1 AND id = $2 FOR SHARE
            """,
            [.uuid(organization), .uuid(id)]
        )
        guard let row = rows.first else { return nil }
        return EngagementReference(
            id: id,
            clientCompanyID: try row.uuidOrNil("client_company_id"),
            contractID: try row.uuidOrNil("contract_id"),
            contractVersionID: try row.uuidOrNil("contract_version_id"),
            dealID: try row.uuidOrNil("deal_id"),
            correlation: try row.uuid("correlation_id"),
            state: try row.textOrNil("status").flatMap(EngagementState.init(rawValue:)) ?? .active
        )
    }

    /// Refuses a client that is not known here, or was deleted.
    static func requireClient(
        _ id: Identifier,
        orDeleted: Bool = false,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        try LocalCopy.clientCompany.require(
            id,
            at: "client_company_id",
            orDeleted: orDeleted,
            for: organization,
            in: transaction
        )
    }

    /// The organization's date.
    static func today(
        of organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> LocalDate {
        try LocalCopy.zone(of: organization, in: transaction).date(at: now)
    }

    // MARK: - Keeping

    static let engagement = LocalCopy(
        of: "engagement",
        from: "delivery",
        // What else becomes of an engagement does more than change the copy: see EngagementConsumer.
        kept: ["created", "updated"],
        columns: [
            .optionalText("name"), .optionalText("status"), .optionalIdentifier("client_company_id"),
            .optionalIdentifier("contract_id"),
            .optionalIdentifier("contract_version_id"), .optionalIdentifier("deal_id"),
            LocalCopy.Column("correlation_id", isFixed: true) { event in .uuid(event.record.correlation) },
        ]
    )

    /// The organization with what revenue alone needs of it. A format that cannot be read counts as none.
    static let organization = LocalCopy.organization(and: [
        .clockAhead,
        LocalCopy.Column("invoice_number_format") { event in
            guard let pattern = event.data["number_formats"]?["invoice"]?.string,
                (try? NumberFormat(pattern)) != nil
            else { return .null }
            return .text(pattern)
        },
    ])

    static func follow(_ handlers: inout EventHandlers) {
        for copy in [Self.organization, .clientCompany, Self.engagement] { copy.follow(&handlers) }
    }
}
