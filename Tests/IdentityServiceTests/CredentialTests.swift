internal import Contracts
internal import Postgres
internal import Synchronization
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct CredentialTests {
    @Test func `resolving is for the gateway only`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let body: JSON = ["token": .string(firm.access)]
            #expect(try await service.fault("credential.resolve", body, token: firm.access)?.code == .notFound)
            #expect(try await service.fault("credential.resolve", body)?.code == .notFound)
            let refusal = await #expect(throws: Fault.self) { try await service.resolve(firm.access, for: "crm") }
            #expect(refusal?.code == .notFound)
        }
    }

    @Test func `what to forget is told to the gateway only`() throws {
        var context = CallContext(member: nil, requestID: Identifier.random(), now: Instant(microseconds: 0))
        context.peer = "crm"
        #expect(throws: Fault.self) { try RevocationStream.declaration.authorise(context) }
        context.peer = "gateway"
        try RevocationStream.declaration.authorise(context)
    }

    @Test func `a session resolves to its member`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let who = try await service.resolve(firm.access)
            #expect(who["organization_id"]?.string == firm.organization)
            #expect(who["subject"]?.string == firm.user && who["member_id"]?.string == firm.member)
            #expect(who["session_id"]?.string == firm.session)
            #expect(who["kind"] == "member" && who["role"] == "owner" && who["scopes"] == .null)
            #expect(who["time_zone"] == "Europe/Berlin" && who["currency"] == "EUR" && who["member_version"] == 1)
        }
    }

    @Test(arguments: ["", "st_", "st_short", "rt_0000000000000000000000000000000000000000000", "nonsense"])
    func `what is no live token is refused`(token: String) async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            if !token.isEmpty { #expect(try await !service.isLive(token)) }
            #expect(try await !service.isLive(firm.refresh))
        }
    }

    @Test func `the last use is recorded once a minute, away from the request`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            func lastUse() async throws -> JSON? {
                try await service.json("session.current", token: firm.access)["last_used_at"]
            }
            #expect(try await lastUse() == .null)
            let first = service.clock.now
            try await service.parts.writeLastUses(at: first)
            #expect(try await lastUse()?.string == first.description)
            service.clock.advance(bySeconds: 59)
            _ = try await service.resolve(firm.access)
            try await service.parts.writeLastUses(at: service.clock.now)
            #expect(try await lastUse()?.string == first.description)
            service.clock.advance(bySeconds: 1)
            _ = try await service.resolve(firm.access)
            try await service.parts.writeLastUses(at: service.clock.now)
            #expect(try await lastUse()?.string == service.clock.now.description)
        }
    }

    @Test func `gateways learn of a revocation at once here, and by the poll from another process`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let other = try IdentityHarness(
                service.database,
                IdentityOptions.cheap()
            )
            let here = Reader()
            let there = Reader()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.follow(here) }
                group.addTask { try await other.follow(there) }
                // The first item says: forget everything.
                #expect(await here.next() == RevocationStream.item(nil))
                #expect(await there.next() == RevocationStream.item(nil))
                _ = try await service.call("session.sign_out", token: firm.access)
                let item = try JSON(parsing: try #require(await here.next()))
                #expect(
                    item["session_id"]?.string == firm.session && item["organization_id"]?.string == firm.organization
                )
                #expect(item["token_sha256"] == .null && item["subject"] == .null)
                try await other.parts.pollRevocations(at: service.clock.now)
                try await other.parts.pollRevocations(at: service.clock.now)
                #expect(try JSON(parsing: try #require(await there.next())) == item)
                group.cancelAll()
            }
            #expect(service.parts.revocations.readersCount == 0)
        }
    }

    @Test func `what has served its purpose is swept`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            _ = try await service.call("session.sign_out", token: firm.access)
            _ = try await service.signIn()
            #expect(try await service.parts.sweep(at: service.clock.now) == 0)
            service.clock.advance(bySeconds: 400 * 86_400)
            // Two tokens, a revocation, two sign-ins, and the buckets of two accounts' attempts.
            #expect(try await service.parts.sweep(at: service.clock.now) >= 5)
            #expect(try await service.parts.sweep(at: service.clock.now) == 0)
        }
    }

    @Test func `sessions go a month after their time, those that live stay, and more than a page goes at once`()
        async throws
    {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let organization = try #require(Identifier(firm.organization))
            let pages = CrossTenant.sweepRowsMax + 1
            try await service.database.transaction(.organization(organization)) { transaction in
                // As many more that have ended in the same moment, some of them before their time.
                try transaction.query(
                    """
                    INSERT INTO session (organization_id, id, user_id, member_id, authenticated_at, generation, rotated_at, expires_at,
                        ended_at, ended_because, created_at, updated_at)
                    SELECT organization_id, gen_random_uuid(), user_id, member_id, authenticated_at, 1, rotated_at, expires_at,
                        CASE WHEN n % 2 = 0 THEN rotated_at END, CASE WHEN n % 2 = 0 THEN 'signed_out' END, created_at, updated_at
                    FROM session CROSS JOIN generate_series(1, $1) AS n
                    """,
                    [.int(pages)]
                )
            }
            func count() async throws -> Int64 {
                try await service.database.read(.organization(organization), "SELECT count(*) AS n FROM session")[0]
                    .int("n")
            }
            let idleSeconds: Int64 = 7 * 86_400
            service.clock.advance(bySeconds: idleSeconds + CrossTenant.sessionsKeptSeconds)
            let live = try await service.signIn()
            _ = try await service.parts.sweep(at: service.clock.now)
            #expect(try await count() == pages + 2)
            service.clock.advance(bySeconds: 1)
            _ = try await service.parts.sweep(at: service.clock.now)
            #expect(try await count() == 1)
            #expect(try await service.isLive(live.access))
        }
    }

    @Test func `a database that was migrated passes the start-up checks`() async throws {
        try await IdentityHarness.run { service in
            try await Migrator.verify(service.database, migrations: Identity.migrations)
        }
    }

    @Test func `a catalog entry has an access rule for every operation, and few are open`() async throws {
        try await IdentityHarness.run { service in
            let open = service.router.declarations.filter { $0.access == .open }.map(\.name).sorted()
            #expect(
                open == [
                    "identity.invitation.accept", "identity.organization.sign_up", "identity.password_reset.complete",
                    "identity.password_reset.request", "identity.session.create", "identity.session.refresh",
                ]
            )
        }
    }
}

extension IdentityOptions {
    static func cheap() throws -> IdentityOptions {
        var options = try IdentityHarness.options()
        options.argonMemoryKiB = 64
        options.argonIterations = 1
        return options
    }
}

extension IdentityHarness {
    /// Reads the revocations as a gateway does, until cancelled.
    func follow(_ reader: Reader) async throws {
        var context = CallContext(member: nil, requestID: Identifier.random(), now: self.clock.now)
        context.peer = "gateway"
        try await self.router.stream(
            "identity.credential.revocations/1",
            parameters: [],
            body: [],
            context: context,
            into: reader
        )
    }
}

/// Keeps what a stream sends until the test asks for it.
final class Reader: ItemSink {
    private let items: AsyncStream<[UInt8]>
    private let input: AsyncStream<[UInt8]>.Continuation

    init() { (self.items, self.input) = AsyncStream.makeStream() }

    func send(_ item: [UInt8]) async throws { self.input.yield(item) }

    func next() async -> [UInt8]? {
        var iterator = self.items.makeAsyncIterator()
        return await iterator.next()
    }
}
