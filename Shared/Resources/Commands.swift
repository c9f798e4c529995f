public import Contracts
public import EventLog
public import Postgres
public import Vocabulary

/// What a command did: its answer, and the events that are written last in its transaction.
public struct Outcome: Sendable {
    public var reply: Reply
    public var events: [EventRecord]
    /// Other services whose latest rows might have it decided otherwise: it is decided once more when their events have arrived.
    public var awaiting: Set<String> = []

    public init(_ reply: Reply, events: [EventRecord] = []) {
        self.reply = reply
        self.events = events
    }
}

/// Runs commands: one transaction holds the effect, its events and its idempotency key, or nothing of them.
public struct Commands: Sendable {
    public let database: Database
    public let log: EventLog
    /// `nil` where nobody's events are consumed.
    let catchUp: CatchUp?

    public init(database: Database, log: EventLog, catchUp: CatchUp? = nil) {
        self.database = database
        self.log = log
        self.catchUp = catchUp
    }

    /// Waits until what another service had committed for an organization is applied here, for a decision that would be wrong
    /// on less. Where it does not arrive in time nothing is decided: the caller is told to come back.
    public func requireCaughtUp(with owner: String, for organization: Identifier) async throws(Fault) {
        guard let catchUp = self.catchUp, await !catchUp(owner, organization) else { return }
        throw Self.unavailable([owner])
    }

    private static func unavailable(_ owners: Set<String>) -> Fault {
        Fault(
            .unavailable,
            "What \(owners.sorted().joined(separator: " and ")) knows has not arrived, and this depends on it. Try again in a moment.",
            retryAfter: Self.catchUpRetrySeconds
        )
    }

    /// When to come back for a decision that waits for another service.
    private static let catchUpRetrySeconds = 1

    /// Runs `body` in the caller's organization. With an idempotency key the first outcome is stored and replayed; with `Dry-Run`
    /// everything happens and is then rolled back, and the answer tells what would have been. Where it names rows of other
    /// services that have not arrived, `body` runs once more when they have (ADR 3). Where an owner cannot be asked in time nobody
    /// knows whether there are such rows: nothing is done, and the caller is told to come back.
    public func run(
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Outcome
    ) async throws -> Reply {
        var silent: Set<String> = []
        do {
            return try await self.attempt(declaration, context) { transaction in
                let outcome = try body(transaction)
                guard outcome.awaiting.isEmpty else { throw UnknownReference([], owners: outcome.awaiting) }
                return outcome
            }
        } catch let unknown as UnknownReference {
            let organization = try context.caller().organization
            for owner in unknown.owners.sorted() {
                if let catchUp = self.catchUp, await !catchUp(owner, organization) { silent.insert(owner) }
            }
        }
        return try await self.attempt(declaration, context) { [silent] transaction in
            // Unknown rows of an owner that has told all it knows are not there.
            do {
                let outcome = try body(transaction)
                try Self.require(outcome.awaiting, notOf: silent)
                return outcome
            } catch let unknown as UnknownReference {
                try Self.require(unknown.owners, notOf: silent)
                throw unknown.fault
            }
        }
    }

    private static func require(_ owners: Set<String>, notOf silent: Set<String>) throws(Fault) {
        let missing = owners.intersection(silent)
        guard missing.isEmpty else { throw Self.unavailable(missing) }
    }

    /// The effect, the key with its answer and the events, in this order: two that hold the same key at once both decide, the later
    /// one waits at the key, and its own effect is rolled back for the earlier one's answer (ADR 6).
    private func attempt(
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Outcome
    ) async throws -> Reply {
        let caller = try context.caller()
        let key = declaration.idempotency == .unsupported || context.isDryRun ? nil : context.idempotencyKey
        let claim = key.map {
            IdempotencyClaim(
                caller: caller,
                operation: declaration.wireName,
                key: $0,
                requestHash: context.requestHash,
                at: context.wallTime
            )
        }
        do {
            return try await self.database.transaction(.organization(caller.organization), deadline: context.deadline) {
                transaction in
                let outcome = try body(transaction)
                guard !context.isDryRun else {
                    // What the COMMIT would have sent and checked, so that a rehearsal is refused for what the real thing would be.
                    try transaction.query("SET CONSTRAINTS ALL IMMEDIATE")
                    throw Rehearsal(outcome)
                }
                try claim?.store(outcome.reply, in: transaction)
                try self.log.append(outcome.events, in: transaction)
                return outcome.reply
            }
        } catch let rehearsal as Rehearsal {
            return rehearsal.reply
        } catch {
            guard let claim, let earlier = try await self.earlierAnswer(to: claim, before: error, context) else {
                throw error
            }
            return earlier
        }
    }

    /// What a request with this key has been answered before. Where there was none, a refusal by the domain becomes the first
    /// answer, so that a retry reads the same.
    private func earlierAnswer(
        to claim: IdempotencyClaim,
        before error: any Error,
        _ context: CallContext
    ) async throws -> Reply? {
        let isTaken = IdempotencyClaim.isTaken(error)
        guard isTaken || Self.isAnswer(error) else { return nil }
        let refusal = isTaken ? nil : Self.storable(error)
        return try await self.database.transaction(
            .organization(claim.caller.organization),
            deadline: context.deadline
        ) { transaction in
            if let refusal {
                let problem = refusal.problemDetails(requestID: context.requestID.description)
                let reply = Reply(status: refusal.code.httpStatus, body: problem)
                if try claim.storeFirst(reply, in: transaction) { return nil }
            }
            if let earlier = try claim.earlier(in: transaction) { return earlier }
            // Its first holder's answer has been deleted since, at the age at which keys are.
            guard !isTaken else { throw Fault(.conflict, "This Idempotency-Key has just ended.", retryAfter: 1) }
            return nil
        }
    }

    /// Whether an error speaks to the caller; a database that is away has nothing more to say of a key either.
    private static func isAnswer(_ error: any Error) -> Bool {
        if error is UnknownReference || error is Rejection { return true }
        return Self.fault(error).map { $0.code.httpStatus < 500 } ?? false
    }

    /// Whether an error is the domain's answer to this very request. What asks to come back later is none.
    private static func storable(_ error: any Error) -> Fault? {
        let fault = Self.fault(error)
        guard let fault, fault.retryAfter == nil, [409, 410, 412, 422].contains(fault.code.httpStatus) else {
            return nil
        }
        return fault
    }

    private static func fault(_ error: any Error) -> Fault? {
        (error as? Fault) ?? (error as? Rejection).map(Fault.init)
            ?? (error as? SQLFault).flatMap(Fault.init(describing:))
    }
}

/// Thrown to roll a dry run back; carries what would have been.
private struct Rehearsal: Error {
    let reply: Reply

    init(_ outcome: Outcome) {
        var writer = JSONWriter(capacity: outcome.reply.body.count + 256)
        writer.beginObject()
        writer.key("dry_run")
        writer.bool(true)
        writer.key("status")
        writer.int(Int64(outcome.reply.status))
        writer.key("result")
        if outcome.reply.body.isEmpty { writer.null() } else { writer.raw(outcome.reply.body) }
        writer.key("events")
        writer.beginArray()
        for event in outcome.events {
            writer.beginObject()
            writer.key("type")
            writer.string(event.type)
            writer.key("aggregate_id")
            writer.string(event.aggregateID.description)
            // The object is in the result already; a large batch's events would not fit beside it.
            if writer.bytes.count + event.payload.count < Reply.bytesEnough {
                writer.key("payload")
                writer.raw(event.payload)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        self.reply = Reply(status: 200, body: writer.finish())
    }
}
