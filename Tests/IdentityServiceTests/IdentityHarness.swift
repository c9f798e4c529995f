internal import Contracts
internal import EventLog
internal import IdentityService
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

/// The service over a database of its own, called as the gateway calls it: credentials are resolved, then the caller is asserted.
struct IdentityHarness: Sendable {
    static let password = "correct horse battery staple"
    static let vaultKeys = "first:" + String(repeating: "5a", count: 32)

    let clock = TestClock()
    let database: Database
    let parts: IdentityParts
    let router: Router

    static func run(
        change: @Sendable (inout IdentityOptions) -> Void = { _ in },
        _ body: @Sendable (IdentityHarness) async throws -> Void
    ) async throws {
        var options = try Self.options()
        // As cheap as Argon2 gets: what is tested is who may do what, not what a hash costs.
        options.argonMemoryKiB = 64
        options.argonIterations = 1
        change(&options)
        let chosen = options
        var configuration = TestServer.configuration
        configuration.transactionConnections = 4
        try await TestServer.shared.withDatabase(
            Identity.migrations,
            service: "identity",
            configuration: configuration
        ) { database in
            try await body(try IdentityHarness(database, chosen))
        }
    }

    static func options(peppers: Peppers = Peppers(current: Array(repeating: 7, count: 32))) throws -> IdentityOptions {
        IdentityOptions(peppers: peppers, vaultKeys: try #require(VaultKeyRing(Self.vaultKeys)))
    }

    init(_ database: Database, _ options: IdentityOptions) throws {
        self.database = database
        let persistence = Persistence(database: database, log: EventLog(), cursorKey: [1, 2, 3])
        var options = options
        options.clock = self.clock.wall
        self.parts = try IdentityParts(persistence, options)
        self.router = identityRouter(self.parts)
    }

    /// Calls an operation; `token` is resolved first, as the gateway does.
    func call(
        _ operation: String,
        _ body: JSON = .null,
        id: String? = nil,
        token: String? = nil,
        ifMatch: Int64? = nil,
        address: String = "192.0.2.1",
        userAgent: String? = nil,
        key: String? = nil,
        isDryRun: Bool = false,
        delivery: SessionDelivery = .body
    ) async throws -> Reply {
        var context = try await self.context(token)
        context.ifMatch = ifMatch.map(VersionMatch.init)
        context.isDryRun = isDryRun
        context.remoteAddress = address
        context.userAgent = userAgent
        context.idempotencyKey = key
        context.delivery = delivery
        return try await self.router.reply(
            to: "identity.\(operation)/1",
            parameters: id.map { [(name: "id", value: $0)] } ?? [],
            body: body == .null ? [] : body.bytes,
            context: context
        )
    }

    /// A call at the time of the caller's organization.
    func context(_ token: String?) async throws -> CallContext {
        let caller = try await self.caller(token)
        return CallContext(
            member: caller,
            requestID: Identifier.random(),
            now: self.clock.now.advanced(bySeconds: caller?.aheadSeconds ?? 0)
        )
    }

    func json(
        _ operation: String,
        _ body: JSON = .null,
        id: String? = nil,
        token: String? = nil,
        ifMatch: Int64? = nil
    ) async throws -> JSON {
        try JSON(parsing: try await self.call(operation, body, id: id, token: token, ifMatch: ifMatch).body)
    }

    /// The fault an operation answers with.
    func fault(
        _ operation: String,
        _ body: JSON = .null,
        id: String? = nil,
        token: String? = nil,
        ifMatch: Int64? = nil,
        address: String = "192.0.2.1"
    ) async throws -> Fault? {
        do {
            _ = try await self.call(operation, body, id: id, token: token, ifMatch: ifMatch, address: address)
            return nil
        } catch let fault as Fault {
            return fault
        }
    }

    func resolve(_ token: String, for peer: String = "gateway") async throws -> JSON {
        var context = CallContext(member: nil, requestID: Identifier.random(), now: self.clock.now)
        context.peer = peer
        let body: JSON = ["token": .string(token)]
        return try JSON(
            parsing: try await self.router.reply(
                to: "identity.credential.resolve/1",
                parameters: [],
                body: body.bytes,
                context: context
            ).body
        )
    }

    func isLive(_ token: String) async throws -> Bool {
        do {
            _ = try await self.resolve(token)
            return true
        } catch let fault as Fault where fault.code == .unauthenticated {
            return false
        }
    }

    func caller(_ token: String?) async throws -> Caller? {
        guard let token else { return nil }
        let found = try await self.resolve(token)
        func id(_ name: String) -> Identifier? { found[name]?.string.flatMap(Identifier.init(_:)) }
        return Caller(
            kind: try #require(found["kind"]?.string.flatMap(Caller.Kind.init(rawValue:))),
            subject: try #require(id("subject")),
            organization: try #require(id("organization_id")),
            role: try #require(found["role"]?.string.flatMap(Role.init(rawValue:))),
            scopes: found["scopes"]?.array?.compactMap(\.string),
            session: id("session_id"),
            authenticatedAt: found["authenticated_at"]?.string.flatMap(Instant.init(_:)),
            aheadSeconds: found["ahead_seconds"]?.int64 ?? 0
        )
    }

    // MARK: - People

    func signUp(
        _ name: String = "Ada",
        _ email: String = "ada@example.com",
        at address: String = "192.0.2.1",
        isSandbox: Bool = false
    ) async throws -> SignedInFirm {
        let body: JSON = [
            "organization_name": .string("Firm of \(name)"), "name": .string(name), "email": .string(email),
            "password": .string(Self.password), "time_zone": "Europe/Berlin", "currency": "EUR",
            "is_sandbox": .bool(isSandbox),
        ]
        let reply = try await self.call("organization.sign_up", body, address: address)
        #expect(reply.status == 201)
        return try SignedInFirm(try JSON(parsing: reply.body))
    }

    func signIn(
        _ email: String = "ada@example.com",
        _ password: String = IdentityHarness.password,
        address: String = "192.0.2.1",
        userAgent: String? = nil
    ) async throws -> SignedInFirm {
        let body: JSON = ["email": .string(email), "password": .string(password)]
        let reply = try await self.call("session.create", body, address: address, userAgent: userAgent)
        return try SignedInFirm(try JSON(parsing: reply.body))
    }

    /// Adds a colleague with a password and signs them in.
    func colleague(_ name: String, _ role: Role, of firm: SignedInFirm) async throws -> SignedInFirm {
        let email = "\(name.lowercased())@example.com"
        let body: JSON = [
            "name": .string(name), "email": .string(email), "role": .string(role.rawValue),
            "password": .string(Self.password),
        ]
        #expect(try await self.call("member.add", body, token: firm.access).status == 201)
        return try await self.signIn(email)
    }

    // MARK: - What is stored

    /// The types of an organization's events, in their order.
    func events(of organization: String) async throws -> [(type: String, payload: JSON)] {
        let id = try #require(Identifier(organization))
        let rows = try await self.database.read(
            .organization(id),
            "SELECT type, payload FROM outbox_event WHERE organization_id = $1 ORDER BY sequence",
            [.uuid(id)]
        )
        return try rows.map { (try $0.text("type"), try JSON(parsing: try $0.bytes("payload"))) }
    }
}

/// The answer to a sign-up or a sign-in.
struct SignedInFirm: Sendable {
    let organization: String
    let user: String
    let member: String
    let session: String
    let access: String
    let refresh: String
    let json: JSON

    init(_ json: JSON) throws {
        self.json = json
        self.organization = try #require(json["organization"]?["id"]?.string)
        self.user = try #require(json["user"]?["id"]?.string)
        self.member = try #require(json["member"]?["id"]?.string)
        self.session = try #require(json["session"]?["id"]?.string)
        self.access = try #require(json["session"]?["access_token"]?.string)
        self.refresh = try #require(json["session"]?["refresh_token"]?.string)
    }
}
