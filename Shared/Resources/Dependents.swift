internal import Contracts
internal import EventLog
internal import Postgres
internal import Vocabulary

/// What happens to the rows that depend on a row when that is deleted or restored: each goes, comes back or lets go of it with an
/// event of its own, so that other services and the timeline learn of it as of the row itself.
struct Dependents: Sendable {
    /// The most rows that one deletion takes along: they and the row itself are one transaction's events.
    static let rowsMax = EventLog.eventsPerTransactionMax - 1

    /// Whose row is deleted or restored.
    let root: Resource
    let organization: Identifier
    let cause: Cause
    private(set) var events: [EventRecord] = []

    init(of root: Resource, because cause: Cause) {
        self.root = root
        self.organization = cause.organization
        self.cause = cause
    }

    /// Deletes what belongs to these rows, level by level, unless something is in the way that must stay.
    mutating func end(
        of parents: [Identifier],
        _ resource: Resource,
        in transaction: borrowing Transaction
    ) throws {
        try self.requireNoObstacle(to: parents, resource, in: transaction)
        var gone: [(resource: Resource, ids: [Identifier])] = []
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
            // Judged as they were in the moment in which they were locked: deleting changes nothing that their rule looks at.
            try self.requireFree(ended, store.resource)
            try self.add(ended, "deleted", .deleted, of: store)
            if !ended.isEmpty { gone.append((store.resource, ended.map(\.id))) }
        }
        for (child, ids) in gone { try self.end(of: ids, child, in: transaction) }
        // Last, so that nothing is told to let go that goes itself.
        for dependent in resource.dependents where dependent.rule == .release {
            try self.release(dependent, from: parents, in: transaction)
        }
    }

    private mutating func release(
        _ dependent: Resource.Dependent,
        from parents: [Identifier],
        in transaction: borrowing Transaction
    ) throws {
        let store = ResourceStore(dependent.resource())
        let released = try store.change(
            where: dependent.column + " = ANY ($2::uuid[])",
            [.uuids(parents)],
            set: dependent.column + " = NULL",
            atMost: self.room + 1,
            for: self.organization,
            at: self.cause.now,
            in: transaction
        )
        try self.requireRoom(for: released.count)
        for (before, after) in released {
            self.events.append(store.event("updated", .updated, after, previous: before, because: self.cause))
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
                where: dependent.column + " = ANY ($3::uuid[]) AND deleted_at = $4" + child.underLivingParents,
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
        try self.requireRoom(for: rows.count)
        for row in rows { self.events.append(store.event(word, activity, row, because: self.cause)) }
    }

    private func requireRoom(for count: Int) throws(Fault) {
        guard count <= self.room else {
            throw Fault(
                .conflict,
                "More than \(Self.rowsMax) objects belong to this one. Delete some of them first.",
                problems: [Problem("", "too_many_dependents", "At most \(Self.rowsMax) objects go with another.")]
            )
        }
    }

    // MARK: - What is in the way

    /// How many of the rows in the way are named.
    private static let obstaclesMax = 10

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
                [.uuid(self.organization), .uuids(parents), .int(Int64(Self.obstaclesMax))]
            )
            for index in 0..<rows.count {
                obstacles.append(["type": .string(child.label), "id": .string(try rows[index].text("id"))])
            }
        }
        try self.refuse(because: obstacles)
    }

    /// Refuses to take along what its own rule keeps.
    private func requireFree(_ rows: [Stored], _ child: Resource) throws {
        guard let keep = child.hooks.keep else { return }
        var obstacles: [JSON] = []
        for row in rows where obstacles.count < Self.obstaclesMax {
            do {
                try keep(row)
            } catch let reason as Rejection {
                obstacles.append([
                    "type": .string(child.label), "id": .string(row.id.description), "reason": .string(reason.detail),
                ])
            }
        }
        try self.refuse(because: obstacles)
    }

    private func refuse(because obstacles: [JSON]) throws(Fault) {
        guard obstacles.isEmpty else {
            throw Fault(
                .conflict,
                "This \(self.root.label) cannot be deleted while other objects depend on it.",
                problems: [Problem("", "in_use", "What depends on it must stay.")],
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

    /// The resources whose rows let go of one of this, or of what goes with it.
    var released: [Resource] {
        var found: [Resource] = []
        for dependent in ([self] + self.cascaded).flatMap(\.dependents) where dependent.rule == .release {
            let child = dependent.resource()
            if !found.contains(where: { $0.name == child.name }) { found.append(child) }
        }
        return found
    }
}
