public import Contracts
public import EventLog
public import Vocabulary

/// What an event needs to know of the request or event that causes it.
public struct Cause: Sendable {
    public let actor: Actor
    public let organization: Identifier
    /// The request's or the event's id.
    public let causation: Identifier
    /// The story the cause belongs to, for rows that are part of none themselves.
    public let correlation: Identifier
    public let now: Instant

    public init(actor: Actor, organization: Identifier, causation: Identifier, correlation: Identifier, now: Instant) {
        self.actor = actor
        self.organization = organization
        self.causation = causation
        self.correlation = correlation
        self.now = now
    }
}

extension Cause {
    /// The cause of what this event makes happen in the same transaction, so that a trace shows the one below the other.
    public func following(_ event: EventRecord) -> Cause {
        Cause(
            actor: self.actor,
            organization: self.organization,
            causation: event.id,
            correlation: event.correlation,
            now: self.now
        )
    }
}

extension ReceivedEvent {
    /// This event as the cause of events: whoever caused it acts on, in the same story.
    public var cause: Cause {
        Cause(
            actor: self.record.actor,
            organization: self.organization,
            causation: self.record.id,
            correlation: self.record.correlation,
            now: self.now
        )
    }
}

extension CallContext {
    /// This request as the cause of events.
    public func cause() throws(Fault) -> Cause {
        let caller = try self.caller()
        return Cause(
            actor: caller.actor,
            organization: caller.organization,
            causation: self.requestID,
            correlation: self.requestID,
            now: self.now
        )
    }
}

extension ResourceStore {
    /// The event that says what happened to a row: `data` is the row as clients see it but for what is told in no event
    /// (``Field/untold()``), `previous` what its changed fields were.
    public func event(
        _ type: String,
        _ activity: Activity,
        _ stored: Stored,
        previous: Stored? = nil,
        extra: JSONObject = [:],
        because cause: Cause
    ) -> EventRecord {
        var writer = JSONWriter(capacity: stored.json.count + 64)
        writer.beginObject()
        writer.key("data")
        self.plan.tell(stored, into: &writer)
        if let previous {
            writer.key("previous")
            writer.raw(self.plan.differences(from: previous.row, to: stored.row))
        }
        for member in extra.members {
            writer.key(member.key)
            writer.value(member.value)
        }
        writer.endObject()
        return EventRecord(
            id: Identifier.next(at: cause.now),
            organization: cause.organization,
            type: "\(self.resource.name).\(type)",
            activity: activity,
            aggregateType: self.resource.name,
            aggregateID: stored.id,
            aggregateVersion: stored.version,
            actor: cause.actor,
            correlation: stored.correlation ?? cause.correlation,
            causation: cause.causation,
            engagement: stored.engagement,
            occurredAt: cause.now,
            payload: writer.finish()
        )
    }
}

extension Resource {
    /// The events that the derived operations publish.
    public var derivedEvents: [EventDeclaration] {
        let data = Field.object("data", self.told)
        var events: [EventDeclaration] = []
        if !self.actions.isDisjoint(with: [.create, .batch]) {
            events.append(
                EventDeclaration("\(self.name).created", .created, "A \(self.label) was created.", fields: [data])
            )
        }
        if self.actions.contains(.change) {
            events.append(
                EventDeclaration(
                    "\(self.name).updated",
                    .updated,
                    "A \(self.label) was changed.",
                    fields: [data, .document("previous")]
                )
            )
        }
        if self.actions.contains(.delete) {
            events.append(
                EventDeclaration("\(self.name).deleted", .deleted, "A \(self.label) was deleted.", fields: [data])
            )
        }
        if self.actions.contains(.restore) {
            events.append(
                EventDeclaration(
                    "\(self.name).restored",
                    .updated,
                    "A deleted \(self.label) was restored.",
                    fields: [data]
                )
            )
        }
        return events
    }
}
