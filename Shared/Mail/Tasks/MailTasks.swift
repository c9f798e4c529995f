public import Postgres
public import Vocabulary

/// The mails of a service, in its own database: written by whoever causes them, taken by whoever sends them.
public struct MailTasks: Sendable {
    public static let migrations = [Migration("mail_001", PackageResources.mail_001_sql)]

    /// How long a task stays in the hands of who has taken it: longer than everything it can take to send a handful.
    static let leaseSeconds: Int64 = 300
    /// So many go over one connection.
    static let leasedMax: Int64 = 10
    /// How long it is known that a mail was sent, or why not.
    static let keptSeconds: Int64 = 7 * 86_400
    static let listedMax: Int64 = 100
    /// Rows one statement deletes.
    private static let sweepRowsMax: Int64 = 1_000

    private let database: Database
    private let seal: MailSeal
    /// Whether sent mails can still be read: where a developer has no mail server.
    let keepsContent: Bool

    public init(_ database: Database, seal: MailSeal, keepsContent: Bool = false) {
        self.database = database
        self.seal = seal
        self.keepsContent = keepsContent
    }

    /// A task in the hands of a sender.
    struct Leased: Sendable {
        let id: Identifier
        let kind: String
        let attempt: Int64
        /// `nil` where it cannot be read any more.
        let letter: MailLetter?
    }

    /// How a task went on.
    enum Outcome: Hashable, Sendable {
        case sent
        case refused(String)
        /// With the time of the next try.
        case postponed(String, until: Instant)
    }

    // MARK: - Writing

    /// Has a mail sent once this transaction has committed.
    @discardableResult
    public func queue(
        _ mail: Mail,
        for organization: Identifier?,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Identifier {
        let id = Identifier.next(at: now)
        let sealed = try self.seal.seal(MailLetter(recipient: mail.recipient, content: mail.content), of: id)
        try transaction.queue(
            """
            INSERT INTO mail_task (id, organization_id, kind, content_sealed, due_at, expires_at, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $5)
            """,
            [
                .uuid(id), organization.map(SQLValue.uuid) ?? .null, .text(mail.kind), .bytes(sealed), .instant(now),
                .instant(mail.expiresAt),
            ]
        )
        return id
    }

    /// Deletes the mails to an address that can still be read: those that wait, and those that are kept for a developer.
    public func forget(_ address: String, in transaction: borrowing Transaction) throws {
        let rows = try transaction.query(
            "SELECT id, content_sealed FROM mail_task WHERE content_sealed IS NOT NULL ORDER BY id FOR UPDATE",
            []
        )
        for row in rows {
            let id = try row.uuid("id")
            guard self.seal.open(try row.binary("content_sealed"), of: id)?.recipient.address == address else {
                continue
            }
            try transaction.queue("DELETE FROM mail_task WHERE id = $1", [.uuid(id)])
        }
    }

    // MARK: - Sending

    /// Takes what is due, the longest due first. What another sender has taken is passed over.
    func lease(at now: Instant) async throws -> [Leased] {
        try await self.database.transaction(.system) { transaction in
            let rows = try transaction.query(
                """
                UPDATE mail_task SET attempts = attempts + 1, due_at = $2 WHERE id IN
                    (SELECT id FROM mail_task WHERE state = 'waiting' AND due_at <= $1 AND expires_at > $1
                    ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)
                RETURNING id, kind, attempts, content_sealed
                """,
                [.instant(now), .instant(now.advanced(bySeconds: Self.leaseSeconds)), .int(Self.leasedMax)]
            )
            return try rows.map { row in
                let id = try row.uuid("id")
                return Leased(
                    id: id,
                    kind: try row.text("kind"),
                    attempt: try row.int("attempts"),
                    letter: self.seal.open(try row.binary("content_sealed"), of: id)
                )
            }.sorted { $0.id < $1.id }
        }
    }

    /// Writes down how tasks went on; those that somebody else has taken since, or that have ended, are passed over.
    func record(_ outcomes: [(task: Leased, outcome: Outcome)], at now: Instant) async throws {
        try await self.database.transaction(.system) { transaction in
            for (task, outcome) in outcomes { try self.record(outcome, of: task, at: now, in: transaction) }
        }
    }

    private func record(
        _ outcome: Outcome,
        of task: Leased,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        let (state, text, dueAt): (String, String?, Instant) =
            switch outcome {
            case .sent: ("sent", nil, now)
            case .refused(let reason): ("refused", reason, now)
            case .postponed(let reason, let until): ("waiting", reason, until)
            }
        let isOver = state != "waiting"
        try transaction.queue(
            """
            UPDATE mail_task SET state = $3, outcome = $4, due_at = $5, ended_at = $6,
                content_sealed = CASE WHEN $7::boolean THEN content_sealed END
            WHERE id = $1 AND attempts = $2 AND state = 'waiting'
            """,
            [
                .uuid(task.id), .int(task.attempt), .text(state), text.map(SQLValue.text) ?? .null, .instant(dueAt),
                isOver ? .instant(now) : .null, .bool(!isOver || self.keepsContent),
            ]
        )
    }

    /// Ends what was not sent in its time: what such a mail says is of no use any more, its links open nothing. Answers how many.
    @discardableResult
    func expire(at now: Instant) async throws -> Int {
        try await self.database.transaction(.system) { transaction in
            try transaction.query(
                """
                UPDATE mail_task SET state = 'expired', ended_at = $1, content_sealed = NULL
                WHERE state = 'waiting' AND expires_at <= $1
                """,
                [.instant(now)]
            ).affected
        }
    }

    /// Deletes what ended long enough ago; answers how many.
    @discardableResult
    func sweep(at now: Instant) async throws -> Int {
        var total = 0
        var affected = 0
        repeat {
            affected = try await self.database.transaction(.system) { transaction in
                try transaction.query(
                    "DELETE FROM mail_task WHERE id IN (SELECT id FROM mail_task WHERE ended_at < $1 LIMIT $2)",
                    [.instant(now.advanced(bySeconds: -Self.keptSeconds)), .int(Self.sweepRowsMax)]
                ).affected
            }
            total += affected
        } while affected == Int(Self.sweepRowsMax)
        return total
    }

    // MARK: - Watching

    /// What is neither sent nor given up.
    struct Backlog: Hashable, Sendable {
        let count: Int64
        /// The age of the oldest, 0 where there is none.
        let oldestSeconds: Double
    }

    func backlog(at now: Instant, deadline: Instant? = nil) async throws(SQLFault) -> Backlog {
        let rows = try await self.database.read(
            .system,
            "SELECT count(*) AS count, min(created_at) AS oldest FROM mail_task WHERE state = 'waiting'",
            [],
            deadline: deadline
        )
        let age = try rows[0].instantOrNil("oldest")?.microseconds(until: now) ?? 0
        return Backlog(count: try rows[0].int("count"), oldestSeconds: max(0, Double(age) / 1_000_000))
    }

    // MARK: - For the developer's mailbox

    /// A mail whose content is still here: it waits, or mails are kept.
    struct Kept: Sendable {
        let id: Identifier
        let kind: String
        let state: String
        let createdAt: Instant
        let letter: MailLetter
    }

    /// The newest mails.
    func kept() async throws -> [Kept] {
        try self.readable(
            try await self.database.read(
                .system,
                "SELECT id, kind, state, created_at, content_sealed FROM mail_task ORDER BY created_at DESC, id DESC LIMIT $1",
                [.int(Self.listedMax)]
            )
        )
    }

    func kept(_ id: Identifier) async throws -> Kept? {
        try self.readable(
            try await self.database.read(
                .system,
                "SELECT id, kind, state, created_at, content_sealed FROM mail_task WHERE id = $1",
                [.uuid(id)]
            )
        ).first
    }

    private func readable(_ rows: Rows) throws -> [Kept] {
        try rows.compactMap { row in
            let id = try row.uuid("id")
            guard let sealed = try row.binaryOrNil("content_sealed"), let letter = self.seal.open(sealed, of: id) else {
                return nil
            }
            return Kept(
                id: id,
                kind: try row.text("kind"),
                state: try row.text("state"),
                createdAt: try row.instant("created_at"),
                letter: letter
            )
        }
    }
}
