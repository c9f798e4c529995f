internal import Contracts
internal import EventLog
public import Postgres
public import Vocabulary

/// The copies that several services have.
extension LocalCopy {
    /// Where an organization's days begin, and in what it counts.
    public static let organization = Self.organization(and: [])

    /// The same with more of it, for a service that needs more.
    public static func organization(and more: [Column]) -> LocalCopy {
        LocalCopy(
            of: "organization",
            from: "identity",
            by: .organization,
            kept: ["created", "updated"],
            columns: Self.organizationColumns + more
        )
    }

    private static let organizationColumns: [Column] = [
        .optionalText("name"),
        Column("time_zone") { event in
            .text(event.data["time_zone"]?.string.flatMap(Zone.init(_:))?.identifier ?? Zone.utc.identifier)
        },
        Column("currency") { event in .text(event.data["currency"]?.string ?? Currency.usd.code) },
    ]

    /// Who can own a record or be given a task: by the id of their membership, not of their user. Who is kept out cannot, until they are
    /// let in again; what is theirs stays theirs.
    public static let member = LocalCopy(
        of: "member",
        from: "identity",
        kept: ["added", "role_changed", "reactivated"],
        ended: ["removed", "deactivated"],
        columns: [.identifier("user_id"), .text("role")]
    )

    public static let clientCompany = LocalCopy(
        of: "client_company",
        from: "crm",
        kept: ["created", "updated", "restored"],
        ended: ["deleted", "merged"],
        columns: [.text("name")]
    )

    /// The organization's zone. Until identity's event has arrived it is UTC, which is identity's default too.
    public static func zone(of organization: Identifier, in transaction: borrowing Transaction) throws(SQLFault) -> Zone
    {
        let rows = try transaction.query(
            "SELECT time_zone FROM organization_ref WHERE organization_id = $1",
            [.uuid(organization)]
        )
        guard let row = rows.first else { return .utc }
        let name = try row.text("time_zone")
        guard let zone = Zone(name) else { throw SQLFault(.decode, "there is no time zone \(name) here") }
        return zone
    }
}
