internal import Contracts
internal import EventLog
internal import Postgres
public import Vocabulary

/// Waits until what another service had committed for an organization is applied here (`EventConsumer.catchUp`).
public typealias CatchUp = @Sendable (_ producer: String, _ organization: Identifier) async -> Void

/// An engagement as revenue knows it: whose it is, and which story it belongs to.
struct EngagementReference: Sendable {
    let id: Identifier
    let clientCompanyID: Identifier?
    let contractID: Identifier?
    let contractVersionID: Identifier?
    let dealID: Identifier?
    let correlation: Identifier
}

/// The local copies of other services' rows.
enum References {
    // MARK: - Reading

    static func engagement(
        _ id: Identifier,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws -> EngagementReference? {
        let rows = try transaction.query(
            """
            SELECT client_company_id, contract_id, contract_version_id, deal_id, correlation_id FROM engagement_ref
            WHERE organization_id = $1 AND id = $2
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
            correlation: try row.uuid("correlation_id")
        )
    }

    /// Refuses a client that is not known here, or was deleted.
    static func requireClient(
        _ id: Identifier,
        orDeleted: Bool = false,
        for organization: Identifier,
        in transaction: borrowing Transaction
    ) throws {
        let rows = try transaction.query(
            "SELECT is_deleted FROM client_company_ref WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(id)]
        )
        guard let row = rows.first, try orDeleted || !row.bool("is_deleted") else {
            throw Fault.invalid("/client_company_id", "unknown_reference", "There is no client company with this id.")
        }
    }

    /// Waits once for rows of other services that a request names and that have not arrived yet.
    static func await(
        client: Identifier?,
        engagement: Identifier?,
        for organization: Identifier,
        in database: Database,
        _ catchUp: CatchUp
    ) async throws {
        let rows = try await database.read(
            .organization(organization),
            """
            SELECT
                $2::uuid IS NULL OR EXISTS (SELECT FROM client_company_ref WHERE organization_id = $1 AND id = $2) AS has_client,
                $3::uuid IS NULL OR EXISTS (SELECT FROM engagement_ref WHERE organization_id = $1 AND id = $3) AS has_engagement
            """,
            [.uuid(organization), client.map(SQLValue.uuid) ?? .null, engagement.map(SQLValue.uuid) ?? .null]
        )
        if try !rows[0].bool("has_client") { await catchUp("crm", organization) }
        if try !rows[0].bool("has_engagement") { await catchUp("delivery", organization) }
    }

    /// The organization's date. Until identity's event has arrived its zone is UTC, which is identity's default too.
    static func today(
        of organization: Identifier,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> LocalDate {
        let rows = try transaction.query(
            "SELECT time_zone FROM organization_ref WHERE organization_id = $1",
            [.uuid(organization)]
        )
        let zone = try rows.first.flatMap { Zone(try $0.text("time_zone")) } ?? .utc
        return zone.date(at: now)
    }

    // MARK: - Keeping

    /// Follows the owners of the rows that revenue has copies of. An event that is older than the copy changes nothing.
    static func follow(_ handlers: inout EventHandlers) {
        for type in ["organization.created", "organization.updated"] {
            handlers.on(type) { event, transaction in
                try self.keepOrganization(event, in: transaction)
                return []
            }
        }
        for type in ["created", "updated", "deleted", "restored", "merged"] {
            handlers.on("client_company.\(type)") { event, transaction in
                try self.keepClient(event, isDeleted: type == "deleted" || type == "merged", in: transaction)
                return []
            }
        }
        // What else becomes of an engagement moves its schedules too: see EngagementConsumer.
        for type in ["created", "updated"] {
            handlers.on("engagement.\(type)") { event, transaction in
                try self.keepEngagement(event, in: transaction)
                return []
            }
        }
    }

    private static func keepOrganization(_ event: ReceivedEvent, in transaction: borrowing Transaction) throws {
        try transaction.queue(
            """
            INSERT INTO organization_ref (organization_id, name, time_zone, currency, version) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (organization_id) DO UPDATE
            SET name = EXCLUDED.name, time_zone = EXCLUDED.time_zone, currency = EXCLUDED.currency, version = EXCLUDED.version
            WHERE organization_ref.version < EXCLUDED.version
            """,
            [
                .uuid(event.organization), event.data["name"]?.string.map(SQLValue.text) ?? .null,
                .text(event.data["time_zone"]?.string.flatMap(Zone.init(_:))?.identifier ?? Zone.utc.identifier),
                .text(event.data["currency"]?.string ?? Currency.usd.code), .int(event.record.aggregateVersion),
            ]
        )
    }

    private static func keepClient(
        _ event: ReceivedEvent,
        isDeleted: Bool,
        in transaction: borrowing Transaction
    ) throws {
        // Deleting shows the row as it was, so an equal version may still say something new.
        try transaction.queue(
            """
            INSERT INTO client_company_ref (organization_id, id, name, is_deleted, version) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (organization_id, id) DO UPDATE
            SET name = EXCLUDED.name, is_deleted = EXCLUDED.is_deleted, version = EXCLUDED.version
            WHERE client_company_ref.version < EXCLUDED.version
                OR (client_company_ref.version = EXCLUDED.version AND EXCLUDED.is_deleted)
            """,
            [
                .uuid(event.organization), .uuid(event.record.aggregateID), .text(try event.text("name")),
                .bool(isDeleted),
                .int(event.record.aggregateVersion),
            ]
        )
    }

    static func keepEngagement(_ event: ReceivedEvent, in transaction: borrowing Transaction) throws {
        let id = { (name: String) -> SQLValue in event.data[name]?.identifier.map(SQLValue.uuid) ?? .null }
        try transaction.queue(
            """
            INSERT INTO engagement_ref (organization_id, id, name, client_company_id, contract_id, contract_version_id, deal_id,
                correlation_id, version)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (organization_id, id) DO UPDATE
            SET name = EXCLUDED.name, client_company_id = EXCLUDED.client_company_id, contract_id = EXCLUDED.contract_id,
                contract_version_id = EXCLUDED.contract_version_id, deal_id = EXCLUDED.deal_id, version = EXCLUDED.version
            WHERE engagement_ref.version < EXCLUDED.version
            """,
            [
                .uuid(event.organization), .uuid(event.record.aggregateID),
                event.data["name"]?.string.map(SQLValue.text) ?? .null,
                id("client_company_id"), id("contract_id"), id("contract_version_id"), id("deal_id"),
                .uuid(event.record.correlation), .int(event.record.aggregateVersion),
            ]
        )
    }
}
