public import Contracts
public import Postgres
public import Vocabulary

extension EventRecord {
    /// As it travels between services and to clients.
    public func write(into writer: inout JSONWriter, sequence: Int64? = nil) {
        writer.beginObject()
        if let sequence {
            writer.key("sequence")
            writer.int(sequence)
        }
        writer.key("id")
        writer.string(self.id.description)
        writer.key("organization_id")
        writer.string(self.organization.description)
        writer.key("type")
        writer.string(self.type)
        writer.key("schema_version")
        writer.int(Int64(self.schemaVersion))
        writer.key("activity")
        writer.string(self.activity.rawValue)
        writer.key("aggregate_type")
        writer.string(self.aggregateType)
        writer.key("aggregate_id")
        writer.string(self.aggregateID.description)
        writer.key("aggregate_version")
        writer.int(self.aggregateVersion)
        writer.key("actor_kind")
        writer.string(self.actor.kind.rawValue)
        writer.key("actor_id")
        writer.string(self.actor.id.description)
        writer.key("correlation_id")
        writer.string(self.correlation.description)
        writer.key("causation_id")
        writer.string(self.causation.description)
        writer.key("engagement_id")
        if let engagement = self.engagement { writer.string(engagement.description) } else { writer.null() }
        writer.key("occurred_at")
        writer.string(self.occurredAt.description)
        writer.key("payload")
        writer.raw(self.payload)
        writer.endObject()
    }

    /// Reads what `write` wrote. `nil` where a field is missing or not of its type: such an event is parked as it came, never guessed
    /// at.
    public init?(_ json: JSON) {
        guard let id = json["id"]?.identifier,
            let organization = json["organization_id"]?.identifier,
            let type = json["type"]?.string,
            let schemaVersion = json["schema_version"]?.int64,
            let activity = json["activity"]?.string.map(Activity.init(rawValue:)),
            let aggregateType = json["aggregate_type"]?.string,
            let aggregateID = json["aggregate_id"]?.identifier,
            let aggregateVersion = json["aggregate_version"]?.int64,
            let kind = json["actor_kind"]?.string.map(Actor.Kind.init(rawValue:)),
            let actorID = json["actor_id"]?.identifier,
            let correlation = json["correlation_id"]?.identifier,
            let causation = json["causation_id"]?.identifier,
            let occurredAt = json["occurred_at"]?.string.flatMap(Instant.init(_:)),
            let payload = json["payload"]
        else { return nil }
        self.init(
            id: id,
            organization: organization,
            type: type,
            schemaVersion: Int(schemaVersion),
            activity: activity,
            aggregateType: aggregateType,
            aggregateID: aggregateID,
            aggregateVersion: aggregateVersion,
            actor: Actor(kind: kind, id: actorID),
            correlation: correlation,
            causation: causation,
            engagement: json["engagement_id"]?.identifier,
            occurredAt: occurredAt,
            payload: payload.bytes
        )
    }

    /// Reads a row of `outbox_event`.
    public init(_ row: Row) throws(SQLFault) {
        self.init(
            id: try row.uuid("event_id"),
            organization: try row.uuid("organization_id"),
            type: try row.text("type"),
            schemaVersion: Int(try row.int("schema_version")),
            activity: Activity(rawValue: try row.text("activity")),
            aggregateType: try row.text("aggregate_type"),
            aggregateID: try row.uuid("aggregate_id"),
            aggregateVersion: try row.int("aggregate_version"),
            actor: Actor(kind: Actor.Kind(rawValue: try row.text("actor_kind")), id: try row.uuid("actor_id")),
            correlation: try row.uuid("correlation_id"),
            causation: try row.uuid("causation_id"),
            engagement: try row.uuidOrNil("engagement_id"),
            occurredAt: try row.instant("occurred_at"),
            payload: try row.bytes("payload")
        )
    }
}

extension JSON {
    public var identifier: Identifier? { self.string.flatMap(Identifier.init(_:)) }
}
