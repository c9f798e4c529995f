internal import Contracts
internal import EventLog
internal import Postgres
internal import Vocabulary

/// crm's copies of identity's organizations, from which sweeps know where midnight is.
enum Organizations {
    /// Adds the effects that keep the copies.
    static func follow(in handlers: inout EventHandlers) {
        for type in ["organization.created", "organization.updated"] {
            handlers.on(type) { event, transaction in
                try transaction.queue(
                    """
                    INSERT INTO organization_ref (organization_id, time_zone, currency, version) VALUES ($1, $2, $3, $4)
                    ON CONFLICT (organization_id) DO UPDATE SET time_zone = excluded.time_zone, currency = excluded.currency,
                        version = excluded.version
                    WHERE organization_ref.version < excluded.version
                    """,
                    [
                        .uuid(event.organization), .text(try event.text("time_zone")),
                        .text(try event.text("currency")),
                        .int(event.record.aggregateVersion),
                    ]
                )
                return []
            }
        }
    }
}
