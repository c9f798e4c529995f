internal import Contracts
internal import Postgres
internal import Synchronization
internal import Vocabulary

/// Credentials that gateways must ask about again. The narrower fields name them; with an organization alone, all of its.
struct Revocation: Hashable, Sendable {
    let id: Identifier
    let organization: Identifier
    var session: Identifier?
    /// A user or an API key.
    var subject: Identifier?
    /// By the machines' clock, whatever the organization's says: it is what polls and deletions go by.
    let at: Instant
}

/// Tells every connected gateway what to forget: at once where this process did it, within a poll where another one did.
final class Revocations: Sendable {
    /// Further behind than this, a reader is told to start over.
    static let readerBacklogMax = 1_024
    /// How far back a poll looks: longer than any transaction can take to commit what it has dated.
    static let pollWindowSeconds: Int64 = 60
    /// Rows are of no use once no gateway can have cached what they are about.
    static let keptSeconds: Int64 = 600

    /// A reader's place. When it falls too far behind, its items end.
    struct Subscription: Sendable {
        let id: Int
        let items: AsyncStream<Revocation>
    }

    private struct State {
        var nextID = 0
        var readers: [Int: AsyncStream<Revocation>.Continuation] = [:]
        /// What this process has told already, and when it happened.
        var told: [Identifier: Instant] = [:]
    }

    private let crossTenant: CrossTenant
    private let clock: WallClock
    private let state = Mutex(State())

    init(_ crossTenant: CrossTenant, _ clock: WallClock) {
        self.crossTenant = crossTenant
        self.clock = clock
    }

    // MARK: - Telling

    /// Records a revocation in the transaction that makes it true, and tells this process's readers once that has committed.
    func revoke(
        of organization: Identifier,
        session: Identifier? = nil,
        subject: Identifier? = nil,
        in transaction: borrowing Transaction
    ) throws(SQLFault) {
        let now = self.clock.now()
        let revocation = Revocation(
            id: Identifier.next(at: now),
            organization: organization,
            session: session,
            subject: subject,
            at: now
        )
        try transaction.queue(
            """
            INSERT INTO credential_revocation (id, organization_id, session_id, subject, revoked_at)
            VALUES ($1, $2, $3, $4, $5)
            """,
            [
                .uuid(revocation.id), .uuid(revocation.organization), revocation.session.map(SQLValue.uuid) ?? .null,
                revocation.subject.map(SQLValue.uuid) ?? .null, .instant(revocation.at),
            ]
        )
        transaction.afterCommit { self.tell([revocation]) }
    }

    /// Tells what other processes have revoked.
    func poll(at now: Instant) async throws {
        let rows = try await self.crossTenant.look(
            "SELECT id, organization_id, session_id, subject, revoked_at FROM credential_revocation WHERE revoked_at > $1 ORDER BY revoked_at",
            [.instant(now.advanced(bySeconds: -Self.pollWindowSeconds))]
        )
        let revocations = try rows.map { row in
            Revocation(
                id: try row.uuid("id"),
                organization: try row.uuid("organization_id"),
                session: try row.uuidOrNil("session_id"),
                subject: try row.uuidOrNil("subject"),
                at: try row.instant("revoked_at")
            )
        }
        self.tell(revocations)
        let horizon = now.advanced(bySeconds: -2 * Self.pollWindowSeconds)
        self.state.withLock { state in state.told = state.told.filter { $0.value > horizon } }
    }

    private func tell(_ revocations: [Revocation]) {
        self.state.withLock { state in
            for revocation in revocations where state.told.updateValue(revocation.at, forKey: revocation.id) == nil {
                for (id, reader) in state.readers {
                    if case .dropped = reader.yield(revocation) {
                        reader.finish()
                        state.readers[id] = nil
                    }
                }
            }
        }
    }

    // MARK: - Reading

    func subscribe() -> Subscription {
        let (items, continuation) = AsyncStream.makeStream(
            of: Revocation.self,
            bufferingPolicy: .bufferingOldest(Self.readerBacklogMax)
        )
        return self.state.withLock { state in
            state.nextID += 1
            state.readers[state.nextID] = continuation
            return Subscription(id: state.nextID, items: items)
        }
    }

    func end(_ subscription: Subscription) {
        self.state.withLock { $0.readers.removeValue(forKey: subscription.id) }?.finish()
    }

    var readersCount: Int { self.state.withLock { $0.readers.count } }
}

/// The stream by which gateways learn what to forget.
enum RevocationStream {
    static let declaration = OperationDeclaration(
        "identity.credential.revocations",
        nil,
        access: .process("gateway"),
        "What gateways must forget of the credentials they have resolved."
    )
    .described(
        """
        The first item, and any in which every field is null, means: forget everything. Otherwise forget what matches every \
        field that is not null. Items may come twice. A stream that ends is opened again.
        """
    )
    .answers(
        .stream(
            "CredentialRevocation",
            [
                .text("token_sha256", max: 64, min: 64, .sha256).nullable(), .identifier("session_id").nullable(),
                .identifier("subject").nullable().described("A user or an API key."),
                .identifier("organization_id").nullable(),
            ]
        )
    )

    static func register(_ revocations: Revocations, in router: inout Router) {
        router.stream(Self.declaration) { _, _, sink in
            let subscription = revocations.subscribe()
            defer { revocations.end(subscription) }
            try await sink.send(Self.item(nil))
            for await revocation in subscription.items { try await sink.send(Self.item(revocation)) }
        }
    }

    static func item(_ revocation: Revocation?) -> [UInt8] {
        func text(_ id: Identifier?) -> JSON { id.map { .string($0.description) } ?? .null }
        let json: JSON = [
            "token_sha256": .null,
            "session_id": text(revocation?.session),
            "subject": text(revocation?.subject),
            "organization_id": text(revocation?.organization),
        ]
        return json.bytes
    }
}
