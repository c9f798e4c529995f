internal import Contracts
internal import EventLog
internal import Postgres
internal import Vocabulary

/// What happens to the rows that belong to a row when that is deleted or restored: each goes and comes back with an event of its
/// own, so that other services and the timeline learn of it as of the row itself.
struct Dependents: Sendable {
    /// The most rows that one deletion takes along: they and the row itself are one transaction's events.
    static let rowsMax = EventLog.eventsPerTransactionMax - 1

    let organization: Identifier
    let cause: Cause
    private(set) var events: [EventRecord] = []

    init(of organization: Identifier, because cause: Cause) {
        self.organization = organization
        self.cause = cause
    }

    /// Deletes what belongs to these rows, level by level, unless something that carries money or a signature is in the way.
    mutating func end(
        of parents: [Identifier],
        _ resource: Resource,
        in transaction: borrowing Transaction
    ) throws {
        try self.requireNoObstacle(to: parents, resource, in: transaction)
        for dependent in resource.dependents where dependent.rule == .cascade {
            let store = ResourceStore(dependent.resource())
            let ended = try store.end(
                where: dependent.column + " = ANY ($3::uuid[])",
                [.uuids(parents)],
                atMost: self.room + 1,
                for: self.organization,
                at: self.cause.now,
                in: transaction
            )
            try self.add(ended, "deleted", .deleted, of: store)
            guard !ended.isEmpty else { continue }
            try self.end(of: ended.map(\.id), store.resource, in: transaction)
        }
    }

    /// Brings back what went with these rows at that moment, and nothing that went before.
    mutating func revive(
        of parents: [Identifier],
        _ resource: Resource,
        deletedAt: Instant,
        in transaction: borrowing Transaction
    ) throws {
        for dependent in resource.dependents where dependent.rule == .cascade {
            let child = dependent.resource()
            guard child.isSoftDeleted else { continue }
            let store = ResourceStore(child)
            let revived = try store.revive(
                where: dependent.column + " = ANY ($3::uuid[]) AND deleted_at = $4",
                [.uuids(parents), .instant(deletedAt)],
                for: self.organization,
                at: self.cause.now,
                in: transaction
            )
            try self.add(revived, "restored", .updated, of: store)
            guard !revived.isEmpty else { continue }
            try self.revive(of: revived.map(\.id), child, deletedAt: deletedAt, in: transaction)
        }
    }

    private var room: Int { Self.rowsMax - self.events.count }

    private mutating func add(
        _ rows: [Stored],
        _ word: String,
        _ activity: Activity,
        of store: ResourceStore
    ) throws(Fault) {
        guard rows.count <= self.room else {
            throw Fault(
                .conflict,
                "More than \(Self.rowsMax) objects belong to this one. Delete some of them first.",
                problems: [Problem("", "too_many_dependents", "At most \(Self.rowsMax) objects go with another.")]
            )
        }
        for row in rows { self.events.append(store.event(word, activity, row, because: self.cause)) }
    }

    /// How many of the rows in the way are named.
    private static let obstaclesMax: Int64 = 10

    private func requireNoObstacle(
        to parents: [Identifier],
        _ resource: Resource,
        in transaction: borrowing Transaction
    ) throws {
        var obstacles: [JSON] = []
        for dependent in resource.dependents where dependent.rule == .restrict {
            let child = dependent.resource()
            let rows = try transaction.query(
                "SELECT id FROM " + child.table + " WHERE organization_id = $1 AND " + dependent.column
                    + " = ANY ($2::uuid[])" + ResourceStore.alive(child) + " ORDER BY id LIMIT $3",
                [.uuid(self.organization), .uuids(parents), .int(Self.obstaclesMax)]
            )
            for index in 0..<rows.count {
                obstacles.append(["type": .string(child.label), "id": .string(try rows[index].text("id"))])
            }
        }
        guard obstacles.isEmpty else {
            throw Fault(
                .conflict,
                "This \(resource.label) cannot be deleted while other objects depend on it.",
                problems: [Problem("", "in_use", "Money or a signature depends on it.")],
                members: ["in_the_way": .array(obstacles)]
            )
        }
    }
}

extension Resource {
    /// The resources whose rows go with one of this, at any distance.
    var cascaded: [Resource] {
        var found: [Resource] = []
        var waiting = [self]
        while let next = waiting.popLast() {
            for dependent in next.dependents where dependent.rule == .cascade {
                let child = dependent.resource()
                guard child.name != self.name, !found.contains(where: { $0.name == child.name }) else { continue }
                found.append(child)
                waiting.append(child)
            }
        }
        return found
    }
}
