public import Vocabulary

/// One entry of an organization's timeline, in the form that its hash covers.
public struct ActivityRecord: Hashable, Sendable {
    public let organizationID: Identifier
    /// Dense per organization, from 1.
    public let sequence: Int64
    public let id: Identifier
    /// The seed's word for it.
    public let type: String
    /// The domain event it came from, such as `invoice.paid`.
    public let eventType: String
    public let entityType: String
    public let entityID: Identifier
    /// The object's version after the event.
    public let entityVersion: Int64
    public let engagementID: Identifier?
    /// Who did it: a member, an API key, a contact, a workflow, the system, or what a newer service calls it.
    public let actorKind: String
    public let actorID: Identifier?
    public let correlationID: Identifier
    public let causationID: Identifier?
    /// The service whose event it is.
    public let producer: String
    public let occurredAt: Instant
    /// When it entered the timeline; never before the entry ahead of it.
    public let recordedAt: Instant
    /// The event's details as they are stored, byte for byte.
    public let metadata: [UInt8]

    public init(
        organizationID: Identifier,
        sequence: Int64,
        id: Identifier,
        type: String,
        eventType: String,
        entityType: String,
        entityID: Identifier,
        entityVersion: Int64,
        engagementID: Identifier?,
        actorKind: String,
        actorID: Identifier?,
        correlationID: Identifier,
        causationID: Identifier?,
        producer: String,
        occurredAt: Instant,
        recordedAt: Instant,
        metadata: [UInt8]
    ) {
        self.organizationID = organizationID
        self.sequence = sequence
        self.id = id
        self.type = type
        self.eventType = eventType
        self.entityType = entityType
        self.entityID = entityID
        self.entityVersion = entityVersion
        self.engagementID = engagementID
        self.actorKind = actorKind
        self.actorID = actorID
        self.correlationID = correlationID
        self.causationID = causationID
        self.producer = producer
        self.occurredAt = occurredAt
        self.recordedAt = recordedAt
        self.metadata = metadata
    }
}

extension ActivityRecord {
    /// Names the layout, so that a later one cannot be mistaken for it.
    private static let layout = "throughline.activity.v1"

    /// The bytes that the hash covers. Each field is preceded by its length, so no two records share their bytes;
    /// a missing field has the length of all ones, so it differs from an empty one.
    public var canonicalBytes: [UInt8] {
        var bytes = CanonicalBytes()
        bytes.append(Array(Self.layout.utf8))
        bytes.append(self.organizationID.bytes)
        bytes.append(self.sequence)
        bytes.append(self.id.bytes)
        bytes.append(Array(self.type.utf8))
        bytes.append(Array(self.eventType.utf8))
        bytes.append(Array(self.entityType.utf8))
        bytes.append(self.entityID.bytes)
        bytes.append(self.entityVersion)
        bytes.append(self.engagementID?.bytes)
        bytes.append(Array(self.actorKind.utf8))
        bytes.append(self.actorID?.bytes)
        bytes.append(self.correlationID.bytes)
        bytes.append(self.causationID?.bytes)
        bytes.append(Array(self.producer.utf8))
        bytes.append(self.occurredAt.microseconds)
        bytes.append(self.recordedAt.microseconds)
        bytes.append(self.metadata)
        return bytes.finished
    }
}

/// Fields with their lengths, big-endian.
private struct CanonicalBytes {
    private(set) var finished: [UInt8] = []

    mutating func append(_ field: [UInt8]?) {
        guard let field else { return self.appendLength(.max) }
        self.appendLength(UInt32(field.count))
        self.finished.append(contentsOf: field)
    }

    mutating func append(_ number: Int64) {
        self.appendLength(8)
        for shift in stride(from: 56, through: 0, by: -8) {
            self.finished.append(UInt8(truncatingIfNeeded: number >> Int64(shift)))
        }
    }

    private mutating func appendLength(_ length: UInt32) {
        for shift in stride(from: 24, through: 0, by: -8) {
            self.finished.append(UInt8(truncatingIfNeeded: length >> UInt32(shift)))
        }
    }
}
