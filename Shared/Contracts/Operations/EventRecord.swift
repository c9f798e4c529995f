public import Vocabulary

/// What happened, in the words of the timeline. The values are the data model's `activity_type`. Open: what a newer service has
/// written is kept and handed on by one that does not know the word.
public struct Activity: RawRepresentable, CaseIterable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    public static let created = Activity(rawValue: "created")
    public static let updated = Activity(rawValue: "updated")
    public static let deleted = Activity(rawValue: "deleted")
    public static let sent = Activity(rawValue: "sent")
    public static let viewed = Activity(rawValue: "viewed")
    public static let signed = Activity(rawValue: "signed")
    public static let paid = Activity(rawValue: "paid")
    public static let approved = Activity(rawValue: "approved")
    public static let rejected = Activity(rawValue: "rejected")
    public static let comment = Activity(rawValue: "comment")
    public static let statusChanged = Activity(rawValue: "status_changed")

    /// Those that this build knows.
    public static let allCases = [
        created, updated, deleted, sent, viewed, signed, paid, approved, rejected, comment, statusChanged,
    ]
}

/// A kind of event that a service publishes: what consumers may rely on.
public struct EventDeclaration: Hashable, Sendable {
    /// `<aggregate>.<past participle>`, such as `deal.advanced`.
    public let type: String
    public let schemaVersion: Int
    public let activity: Activity
    public let summary: String
    public let fields: [Field]

    public init(_ type: String, version: Int = 1, _ activity: Activity, _ summary: String, fields: [Field]) {
        self.type = type
        self.schemaVersion = version
        self.activity = activity
        self.summary = summary
        self.fields = fields
    }

    public var aggregate: String { String(self.type.prefix { $0 != "." }) }
}

/// One event as the log holds it and as consumers get it.
public struct EventRecord: Hashable, Sendable {
    public var id: Identifier
    public var organization: Identifier
    public var type: String
    public var schemaVersion: Int
    public var activity: Activity
    public var aggregateType: String
    public var aggregateID: Identifier
    public var aggregateVersion: Int64
    public var actor: Actor
    /// The whole story this belongs to: the id of the deal, contract or request it began with.
    public var correlation: Identifier
    /// The one event or request that caused this.
    public var causation: Identifier
    public var engagement: Identifier?
    public var occurredAt: Instant
    /// A JSON object: the declared fields, and `previous` where values changed.
    public var payload: [UInt8]

    public init(
        id: Identifier,
        organization: Identifier,
        type: String,
        schemaVersion: Int = 1,
        activity: Activity,
        aggregateType: String,
        aggregateID: Identifier,
        aggregateVersion: Int64,
        actor: Actor,
        correlation: Identifier,
        causation: Identifier,
        engagement: Identifier? = nil,
        occurredAt: Instant,
        payload: [UInt8]
    ) {
        self.id = id
        self.organization = organization
        self.type = type
        self.schemaVersion = schemaVersion
        self.activity = activity
        self.aggregateType = aggregateType
        self.aggregateID = aggregateID
        self.aggregateVersion = aggregateVersion
        self.actor = actor
        self.correlation = correlation
        self.causation = causation
        self.engagement = engagement
        self.occurredAt = occurredAt
        self.payload = payload
    }
}
