internal import Contracts
internal import EventLog
internal import Postgres
public import Vocabulary

/// Waits until what another service had committed for an organization is applied here (`EventConsumer.catchUp`).
public typealias CatchUp = @Sendable (_ producer: String, _ organization: Identifier) async -> Void

/// The local copies of other services' rows.
enum References {
    /// The organization's zone. Until identity's event has arrived it is UTC, which is identity's default too.
    static func zone(of organization: Identifier, in transaction: borrowing Transaction) throws -> Zone {
        let rows = try transaction.query(
            "SELECT time_zone FROM organization_ref WHERE organization_id = $1",
            [.uuid(organization)]
        )
        guard rows.count == 1 else { return .utc }
        return Zone(try rows[0].text("time_zone")) ?? .utc
    }

    // MARK: - Keeping

    /// Follows the owners of the rows. An event that is older than the copy changes nothing.
    static func follow(_ handlers: inout EventHandlers) {
        for type in ["created", "updated"] {
            handlers.on("organization.\(type)") { event, transaction in
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
        for type in ["created", "updated", "finalized", "voided", "deleted"] {
            handlers.on("invoice.\(type)") { event, transaction in
                try self.keepInvoice(event, isDeleted: type == "deleted", in: transaction)
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

    private static func keepInvoice(
        _ event: ReceivedEvent,
        isDeleted: Bool,
        in transaction: borrowing Transaction
    ) throws {
        let isDraft = try !isDeleted && event.text("status") == "draft"
        try transaction.queue(
            """
            INSERT INTO invoice_ref (organization_id, id, engagement_id, is_draft, version) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (organization_id, id) DO UPDATE
            SET engagement_id = EXCLUDED.engagement_id, is_draft = EXCLUDED.is_draft, version = EXCLUDED.version
            WHERE invoice_ref.version < EXCLUDED.version
                OR (invoice_ref.version = EXCLUDED.version AND invoice_ref.is_draft)
            """,
            [
                .uuid(event.organization), .uuid(event.record.aggregateID),
                event.data["engagement_id"]?.identifier.map(SQLValue.uuid) ?? .null, .bool(isDraft),
                .int(event.record.aggregateVersion),
            ]
        )
    }
}
