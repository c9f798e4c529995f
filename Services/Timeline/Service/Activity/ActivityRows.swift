internal import Postgres
internal import TimelineDomain
internal import Vocabulary

/// Entries on their way into the table, by column: one statement inserts them all, which costs the server a fraction of as many
/// statements.
struct ActivityRows {
    private var sequences: [Int64] = []
    private var eventIDs: [Identifier] = []
    private var types: [String] = []
    private var eventTypes: [String] = []
    private var schemaVersions: [Int64] = []
    private var entityTypes: [String] = []
    private var entityIDs: [Identifier] = []
    private var entityVersions: [Int64] = []
    private var engagementIDs: [String] = []
    private var actorKinds: [String] = []
    private var actorIDs: [String] = []
    private var correlationIDs: [Identifier] = []
    private var causationIDs: [String] = []
    private var producers: [String] = []
    private var occurrences: [String] = []
    private var data: [String] = []
    private var hashes: [String] = []

    init(capacity: Int) {
        self.data.reserveCapacity(capacity)
        self.hashes.reserveCapacity(capacity)
    }

    /// Moves the chain's head with what it inserts. An array parameter has no null uuid, so what may be missing travels as text, empty
    /// where it is.
    static let insert: SQL = """
        WITH head AS (
            UPDATE activity_head SET last_seq = $20, last_hash = $21, last_recorded_at = $2 WHERE organization_id = $1
        )
        INSERT INTO activity_event (organization_id, recorded_at, seq, event_id, type, event_type, schema_version, entity_type,
            entity_id, entity_version, engagement_id, actor_kind, actor_id, correlation_id, causation_id, producer, occurred_at,
            data, hash)
        SELECT $1::uuid, $2::timestamptz, e.seq, e.event_id, e.type, e.event_type, e.schema_version, e.entity_type, e.entity_id,
            e.entity_version, nullif(e.engagement_id, '')::uuid, e.actor_kind, nullif(e.actor_id, '')::uuid, e.correlation_id,
            nullif(e.causation_id, '')::uuid, e.producer, e.occurred_at::timestamptz, e.data::json, decode(e.hash, 'hex')
        FROM unnest($3::bigint[], $4::uuid[], $5::text[], $6::text[], $7::smallint[], $8::text[], $9::uuid[], $10::bigint[],
            $11::text[], $12::text[], $13::text[], $14::uuid[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[])
            AS e (seq, event_id, type, event_type, schema_version, entity_type, entity_id, entity_version, engagement_id,
                actor_kind, actor_id, correlation_id, causation_id, producer, occurred_at, data, hash)
        """

    mutating func append(_ link: HashChain.Link, schemaVersion: Int) {
        let record = link.record
        self.sequences.append(record.sequence)
        self.eventIDs.append(record.id)
        self.types.append(record.type)
        self.eventTypes.append(record.eventType)
        self.schemaVersions.append(Int64(schemaVersion))
        self.entityTypes.append(record.entityType)
        self.entityIDs.append(record.entityID)
        self.entityVersions.append(record.entityVersion)
        self.engagementIDs.append(record.engagementID?.description ?? "")
        self.actorKinds.append(record.actorKind)
        self.actorIDs.append(record.actorID?.description ?? "")
        self.correlationIDs.append(record.correlationID)
        self.causationIDs.append(record.causationID?.description ?? "")
        self.producers.append(record.producer)
        self.occurrences.append(record.occurredAt.description)
        self.data.append(String(decoding: record.metadata, as: UTF8.self))
        self.hashes.append(Hexadecimal.encode(link.hash))
    }

    /// `end` is the last of the entries.
    func values(upTo end: HashChain.Head, recordedAt: Instant) -> [SQLValue] {
        [
            .uuid(end.organizationID), .instant(recordedAt), .ints(self.sequences), .uuids(self.eventIDs),
            .texts(self.types),
            .texts(self.eventTypes), .ints(self.schemaVersions), .texts(self.entityTypes), .uuids(self.entityIDs),
            .ints(self.entityVersions), .texts(self.engagementIDs), .texts(self.actorKinds), .texts(self.actorIDs),
            .uuids(self.correlationIDs), .texts(self.causationIDs), .texts(self.producers), .texts(self.occurrences),
            .texts(self.data), .texts(self.hashes), .int(end.sequence), .bytes(end.hash),
        ]
    }
}
