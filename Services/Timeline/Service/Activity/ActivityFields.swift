internal import Contracts
internal import TimelineDomain

/// What answers are made of, for the catalog.
enum ActivityFields {
    private static let sequence = Field.integer("seq", 1...Int64.max).described("Dense per organization, from 1.")
    private static let type = Activity.allCases.map(\.rawValue)
    private static let actorKind = Field.choice("actor_kind", Actor.Kind.self)
    private static let actor = Field.identifier("actor_id")
    private static let correlation = Field.identifier("correlation_id").described("The story it belongs to.")
    private static let causation = Field.identifier("causation_id").described("The event or request that caused it.")
    private static let engagement = Field.identifier("engagement_id").nullable()
    private static let producer = Field.text("producer", max: 63).described("The service whose event it is.")
    private static let occurredAt = Field.instant("occurred_at")
    private static let recordedAt = Field.instant("recorded_at").described("When it entered the timeline.")
    private static let aggregate: [Field] = [
        .text("aggregate_type", max: 63), .identifier("aggregate_id"), .integer("aggregate_version", 0...Int64.max),
    ]

    static let entry: [Field] = [
        sequence, .identifier("event_id"), .choice("type", type), .text("event_type", max: 127),
        .text("entity_type", max: 63),
        .identifier("entity_id"), .integer("entity_version", 0...Int64.max), engagement, actorKind, actor, correlation,
        causation,
        producer, occurredAt, recordedAt, .document("data").described("The event's payload."),
        .text("hash", max: 64, .sha256).described("SHA-256 over the entry and the hash before it."),
    ]

    static let event: [Field] =
        [
            sequence, .identifier("id"), .identifier("organization_id"),
            .text("type", max: 127).example("invoice.paid"),
            .integer("schema_version", 1...32_767), .choice("activity", type),
        ] + aggregate + [
            actorKind, actor, correlation, causation, engagement, producer, occurredAt, recordedAt,
            .document("payload"),
        ]

    static let traced: [Field] =
        [.identifier("event_id"), .text("type", max: 127), .choice("activity", type)] + aggregate + [
            actorKind, actor, occurredAt, causation, correlation, engagement, producer, sequence,
        ]
}
