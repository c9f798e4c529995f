internal import Contracts
internal import Postgres
internal import TimelineDomain
internal import Vocabulary

/// Serves the proof. Entries are read in pages, so that a long range takes no more memory than a short one.
struct ActivityProof: Sendable {
    static let pageSize = 500

    private static let select: SQL = """
        SELECT seq, event_id, type, event_type, entity_type, entity_id, entity_version, engagement_id, actor_kind, actor_id,
            correlation_id, causation_id, producer, occurred_at, recorded_at, data, hash FROM activity_event
        """

    let database: Database
    private var reader: ActivityReader { ActivityReader(database: self.database) }

    init(database: Database) { self.database = database }

    func register(in router: inout Router) {
        router.serve(ProveActivity.self) { request, context in try await self.prove(request, context) }
    }

    private func prove(_ request: ProveActivity, _ context: CallContext) async throws -> Reply {
        let organization = try context.caller().organization
        let head = try await self.head(of: organization, context)
        let end = request.end(head.sequence)
        guard request.from <= end else { return Self.reply(ChainWalk(ActivityLog.chain, after: head), nil) }
        var walk = try await self.begin(request.from, organization, context)
        var floor: Instant?
        var position = walk.head.sequence
        while position < end {
            let rows = try await self.reader.entries(
                Self.select,
                of: organization,
                after: position,
                upTo: end,
                floor: floor,
                limit: Self.pageSize,
                deadline: context.deadline
            )
            for row in rows {
                let link = try HashChain.Link(row, of: organization)
                walk.follow(link)
                floor = link.record.recordedAt
            }
            guard rows.count == Self.pageSize else { break }
            position = walk.head.sequence
        }
        walk.miss(upTo: end + 1)
        if end == head.sequence, walk.head.sequence == end, walk.head.hash != head.hash {
            walk.note(ChainWalk.Break(sequence: end, reason: .head))
        }
        return Self.reply(walk, request.from...end)
    }

    private func head(of organization: Identifier, _ context: CallContext) async throws -> HashChain.Head {
        let rows = try await self.database.read(
            .organization(organization),
            "SELECT last_seq, last_hash FROM activity_head WHERE organization_id = $1",
            [.uuid(organization)],
            deadline: context.deadline
        )
        guard let row = rows.first else { return ActivityLog.chain.head(of: organization) }
        return HashChain.Head(
            organizationID: organization,
            sequence: try row.int("last_seq"),
            hash: try row.binary("last_hash")
        )
    }

    /// A walk behind the entry before `first`. Where that is missing, so is what `first` would be checked against.
    private func begin(_ first: Int64, _ organization: Identifier, _ context: CallContext) async throws -> ChainWalk {
        let genesis = ActivityLog.chain.head(of: organization)
        guard first > 1 else { return ChainWalk(ActivityLog.chain, after: genesis) }
        let rows = try await self.reader.entries(
            "SELECT hash FROM activity_event",
            of: organization,
            after: first - 2,
            upTo: first - 1,
            limit: 1,
            deadline: context.deadline
        )
        guard let row = rows.first else {
            var walk = ChainWalk(
                ActivityLog.chain,
                after: HashChain.Head(organizationID: organization, sequence: first - 2, hash: [])
            )
            walk.miss(upTo: first)
            return walk
        }
        let head = HashChain.Head(organizationID: organization, sequence: first - 1, hash: try row.binary("hash"))
        return ChainWalk(ActivityLog.chain, after: head)
    }

    private static func reply(_ walk: ChainWalk, _ range: ClosedRange<Int64>?) -> Reply {
        var proof: JSONObject = [
            "verified": .bool(walk.firstBreak == nil),
            "first_seq": range.map { .int($0.lowerBound) } ?? .null,
            "last_seq": range.map { .int($0.upperBound) } ?? .null,
            "count": .int(walk.count),
            "missing": .array(walk.missing.map(JSON.int)),
            "head_hash": .string(Hexadecimal.encode(walk.head.hash)),
        ]
        proof["first_break"] =
            walk.firstBreak.map { ["seq": .int($0.sequence), "reason": .string($0.reason.rawValue)] } ?? .null
        return Reply(body: JSON.object(proof).bytes)
    }
}

extension HashChain.Link {
    /// A stored entry.
    init(_ row: Row, of organization: Identifier) throws {
        self.init(
            record: ActivityRecord(
                organizationID: organization,
                sequence: try row.int("seq"),
                id: try row.uuid("event_id"),
                type: try row.text("type"),
                eventType: try row.text("event_type"),
                entityType: try row.text("entity_type"),
                entityID: try row.uuid("entity_id"),
                entityVersion: try row.int("entity_version"),
                engagementID: try row.uuidOrNil("engagement_id"),
                actorKind: try row.text("actor_kind"),
                actorID: try row.uuidOrNil("actor_id"),
                correlationID: try row.uuid("correlation_id"),
                causationID: try row.uuidOrNil("causation_id"),
                producer: try row.text("producer"),
                occurredAt: try row.instant("occurred_at"),
                recordedAt: try row.instant("recorded_at"),
                metadata: try row.bytes("data")
            ),
            hash: try row.binary("hash")
        )
    }
}
