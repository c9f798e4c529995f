internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// A person's wish to be forgotten, as it is stored.
struct UserErasure: Sendable {
    let id: Identifier
    let user: Identifier
    var state: Erasure
    let requestedAt: Instant
    var endedAt: Instant?
    var refusals: [Refusal] = []
    var kept: [Kept] = []

    /// Why somebody cannot be forgotten.
    struct Refusal: Hashable, Sendable {
        let organization: Identifier

        static let code = "last_owner"

        var json: JSON {
            [
                "code": .string(Self.code), "organization_id": .string(self.organization.description),
                "detail": "You are the only owner of this organization. Make somebody else owner first.",
            ]
        }
    }

    /// What stays of a person who was forgotten.
    struct Kept: Hashable, Sendable {
        let kind: String
        let count: Int64
        let reason: String

        var json: JSON { ["kind": .string(self.kind), "count": .int(self.count), "reason": .string(self.reason)] }
    }

    static let organizationsMax = 1_000

    static let fields: [Field] = [
        .identifier("id"),
        .choice("status", Erasure.Status.self)
            .described("`refused`: it cannot be done, see `refusals`. `done` is seen by nobody but the operator."),
        .instant("requested_at"),
        .instant("due_at").described("When it is carried out unless it is withdrawn before."),
        .instant("ended_at").nullable(),
        .list(
            "refusals",
            of: [.choice("code", [Refusal.code]), .identifier("organization_id"), .text("detail", max: 200)],
            countMax: Self.organizationsMax
        ),
    ]

    var reply: JSON {
        [
            "id": .string(self.id.description), "status": .string(self.state.status.rawValue),
            "requested_at": .string(self.requestedAt.description), "due_at": .string(self.state.dueAt.description),
            "ended_at": self.endedAt.map { .string($0.description) } ?? .null,
            "refusals": .array(self.refusals.map(\.json)),
        ]
    }
}

extension UserErasure {
    /// A new one.
    init(of user: Identifier, at now: Instant) {
        self.init(
            id: Identifier.next(at: now),
            user: user,
            state: Erasure(requestedAt: now),
            requestedAt: now,
            endedAt: nil
        )
    }

    /// Restores one from its row.
    init(_ row: Row) throws {
        self.init(
            id: try row.uuid("id"),
            user: try row.uuid("user_id"),
            state: Erasure(
                status: try Erasure.Status(stored: try row.text("status")),
                dueAt: try row.instant("due_at")
            ),
            requestedAt: try row.instant("requested_at"),
            endedAt: try row.instantOrNil("ended_at")
        )
        let refusals = try JSON(parsing: try row.bytes("refusals")).array ?? []
        self.refusals = refusals.compactMap { $0["organization_id"]?.string.flatMap(Identifier.init(_:)) }
            .map(Refusal.init(organization:))
    }

    /// A person's latest (`$1`): the one that waits, where one does.
    static let latest: SQL = """
        SELECT id, user_id, status, requested_at, due_at, ended_at, refusals FROM user_erasure WHERE user_id = $1
        ORDER BY status = 'scheduled' DESC, requested_at DESC, id DESC LIMIT 1
        """

    /// Writes it, whether it is there already or not.
    func save(in system: borrowing Transaction) throws(SQLFault) {
        try system.queue(
            """
            INSERT INTO user_erasure (id, user_id, status, requested_at, due_at, ended_at, refusals, kept)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at, refusals = excluded.refusals,
                kept = excluded.kept
            """,
            [
                .uuid(self.id), .uuid(self.user), .text(self.state.status.rawValue), .instant(self.requestedAt),
                .instant(self.state.dueAt), self.endedAt.map(SQLValue.instant) ?? .null,
                .json(JSON.array(self.refusals.map(\.json)).bytes), .json(JSON.array(self.kept.map(\.json)).bytes),
            ]
        )
    }
}
