internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// A person who is not known here yet.
struct NewUser: Sendable {
    let id: Identifier
    let email: EmailAddress
    let name: String
    /// `nil`: nobody can sign in as them until they have set one.
    let password: PasswordHash?

    private static let statement: SQL = """
        INSERT INTO app_user (id, email, name, password_hash, pepper_kid, password_set_at, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
        """

    private func values(at now: Instant) -> [SQLValue] {
        [
            .uuid(self.id), .text(self.email.description), .text(self.name),
            self.password.map { .text($0.encoded) } ?? .null, self.password.map { .text($0.pepperKid) } ?? .null,
            self.password == nil ? .null : .instant(now), .instant(now),
        ]
    }

    func insert(at now: Instant, in transaction: borrowing Transaction) throws(SQLFault) {
        try transaction.queue(Self.statement, self.values(at: now))
    }

    /// `false` where somebody else has registered the address at the same moment.
    func insertUnlessKnown(at now: Instant, in transaction: borrowing Transaction) throws(SQLFault) -> Bool {
        try transaction.query(Self.statement + " ON CONFLICT DO NOTHING", self.values(at: now)).affected == 1
    }

    func registered(because cause: Cause) -> EventRecord {
        EventRecord(
            id: Identifier.next(at: cause.now),
            organization: cause.organization,
            type: "user.registered",
            activity: .created,
            aggregateType: "user",
            aggregateID: self.id,
            aggregateVersion: 1,
            actor: cause.actor,
            correlation: cause.correlation,
            causation: cause.causation,
            occurredAt: cause.now,
            payload: JSON.object(UserEvents.payload(of: self.id)).bytes
        )
    }
}
