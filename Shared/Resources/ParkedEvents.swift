public import Contracts
public import EventLog
internal import Postgres
internal import Vocabulary

/// The operations on events that a service could not apply: look at them, try them again, or give them up.
public struct ParkedEvents: Sendable {
    private let persistence: Persistence
    private let handlers: EventHandlers
    private let store: ResourceStore

    /// - Parameter path: the resource's path below `/v1`; `<service>/parked-events` unless it says otherwise.
    public init(_ persistence: Persistence, service: String, handlers: EventHandlers, path: String? = nil) {
        self.persistence = persistence
        self.handlers = handlers
        self.store = ResourceStore(.parkedEvent(of: service, path: path ?? "\(service)/parked-events"))
    }

    public func register(in router: inout Router) {
        ResourceOperations(self.store, commands: self.persistence.commands, cursors: self.persistence.cursors).register(
            in: &router
        )
        let resource = self.store.resource
        let replay = OperationDeclaration(
            resource.operationName("replay"),
            .post("\(resource.itemPath)/replay"),
            access: resource.write,
            "Apply a parked event again."
        )
        .described(
            "All parked and blocked events of the same object are applied, in their order, up to the first that fails again."
        )
        .answers(.object(resource.schema, resource.visible))
        .idempotent(.optional)
        .faults(.notFound, .conflict)
        router.serve(replay) { input, context in try await self.replay(replay, try input.identifier("id"), context) }
        let discard = OperationDeclaration(
            resource.operationName("discard"),
            .post("\(resource.itemPath)/discard"),
            access: resource.write,
            "Give up a parked event."
        )
        .described(
            "Its effect will never happen here. Later events of the same object stay blocked until they are replayed."
        )
        .body([.text("reason", max: 2_000).required()])
        .answers(.object(resource.schema, resource.visible))
        .idempotent(.optional)
        .faults(.notFound, .conflict)
        router.serve(discard) { input, context in try await self.discard(discard, input, context) }
    }

    private func replay(
        _ declaration: OperationDeclaration,
        _ id: Identifier,
        _ context: CallContext
    ) async throws -> Reply {
        let organization = try context.caller().organization
        return try await self.persistence.commands.run(declaration, context) { transaction in
            let asked = try self.lockOpen(id, organization, transaction)
            let producer = try asked.row.text("producer")
            let waiting = try self.store.rows(
                where:
                    "producer = $2 AND aggregate_id = $3 AND state IN ('parked', 'blocked') ORDER BY sequence FOR UPDATE",
                [.text(producer), .uuid(try asked.row.uuid("aggregate_id"))],
                for: organization,
                in: transaction
            )
            var events: [EventRecord] = []
            var answer = asked
            for stored in waiting {
                var outcome: Values
                do {
                    events += try transaction.savepoint { try self.apply(stored, producer, context, transaction) }
                    outcome = Values(["state": .text("replayed"), "resolved_at": .instant(context.now)])
                } catch {
                    // A lost connection is not the event's fault; the command is repeated as a whole.
                    if let fault = error as? SQLFault, fault.isTransient { throw fault }
                    outcome = Values([
                        "state": .text("parked"), "error": .text(String("\(error)".prefix(2_000))),
                        "attempts": .integer(try stored.row.int("attempts") + 1),
                    ])
                }
                let after = try self.store.update(stored, outcome, for: organization, at: context.now, in: transaction)
                if after.id == id { answer = after }
                guard outcome.optionalText("state") == "replayed" else { break }
            }
            return Outcome(answer.reply(), events: events)
        }
    }

    private func apply(
        _ stored: Stored,
        _ producer: String,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let json = try JSON(parsing: try stored.row.bytes("event"))
        guard let record = EventRecord(json) else { throw EventFault("the event cannot be read") }
        let payload = try JSON(parsing: record.payload)
        return try self.handlers.effect(on: record.type)?(
            ReceivedEvent(producer: producer, record: record, payload: payload, now: context.now),
            transaction
        ) ?? []
    }

    private func discard(
        _ declaration: OperationDeclaration,
        _ input: Values,
        _ context: CallContext
    ) async throws -> Reply {
        let id = try input.identifier("id")
        let reason = try input.text("reason")
        let organization = try context.caller().organization
        return try await self.persistence.commands.run(declaration, context) { transaction in
            let stored = try self.lockOpen(id, organization, transaction)
            let after = try self.store.update(
                stored,
                Values(["state": .text("discarded"), "reason": .text(reason), "resolved_at": .instant(context.now)]),
                for: organization,
                at: context.now,
                in: transaction
            )
            return Outcome(after.reply())
        }
    }

    /// Holds the consumer's cursor first, so that no later event of the object is judged blocked while this decides.
    private func lockOpen(
        _ id: Identifier,
        _ organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws -> Stored {
        guard let found = try self.store.find(id, for: organization, in: transaction) else {
            throw Fault.notFound(self.store.resource.label)
        }
        _ = try transaction.query(
            "SELECT FROM event_cursor WHERE producer = $1 AND partition = $2 FOR UPDATE",
            [.text(try found.row.text("producer")), .int(try found.row.int("partition"))]
        )
        let stored = try self.store.lock(id, for: organization, in: transaction)
        let state = try stored.row.text("state")
        guard state == "parked" || state == "blocked" else {
            throw Fault(.conflict, "This event was \(state) already.")
        }
        return stored
    }
}

extension Resource {
    fileprivate static func parkedEvent(of service: String, path: String) -> Resource {
        var resource = Resource(
            service: service,
            name: "parked_event",
            plural: path,
            table: "parked_event",
            fields: [
                .text("producer", max: 63).readOnly().filterable(),
                .integer("partition", 0...Int64(EventLog.partitionCount - 1)).readOnly(),
                .integer("sequence", 0...Int64.max).readOnly(),
                .text("type", max: 100).readOnly().filterable(),
                .text("aggregate_type", max: 63).readOnly().filterable(),
                .identifier("aggregate_id").readOnly().filterable(),
                .choice("state", ["parked", "blocked", "replayed", "discarded"]).readOnly().filterable(),
                .integer("attempts", 0...Int64.max).readOnly(),
                .text("error", max: 2_000).readOnly(),
                .text("reason", max: 2_000).nullable().readOnly(),
                .instant("resolved_at").nullable().readOnly(),
                .document("event").readOnly().redacted(.content),
            ]
        )
        resource.actions = [.get, .list]
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.read = .manage(service)
        resource.write = .manage(service)
        return resource
    }
}
