internal import Contracts
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct VaultTests {
    private static let secret = "example-refresh-token-1"

    private func store(
        _ service: IdentityHarness,
        _ firm: SignedInFirm,
        _ provider: String = "xero",
        expiresIn: Int64? = nil
    ) async throws -> String {
        var body: JSONObject = ["provider": .string(provider), "name": "Books", "secret": .string(Self.secret)]
        body["expires_at"] = expiresIn.map { .string(service.clock.now.advanced(bySeconds: $0).description) }
        let reply = try await service.call("integration_token.create", .object(body), token: firm.access)
        #expect(reply.status == 201 && !String(decoding: reply.body, as: UTF8.self).contains(Self.secret))
        return try #require(try JSON(parsing: reply.body)["id"]?.string)
    }

    /// As a service asks; `nil` where there is no such token for it.
    private func open(
        _ service: IdentityHarness,
        _ organization: String,
        _ provider: String = "xero",
        by peer: String? = "revenue",
        through router: Router? = nil
    ) async throws -> String? {
        var context = CallContext(member: nil, requestID: Identifier.random(), now: service.clock.now)
        context.peer = peer
        let body: JSON = ["organization_id": .string(organization), "provider": .string(provider)]
        do {
            let reply = try await (router ?? service.router).reply(
                to: "identity.integration_token.open/1",
                parameters: [],
                body: body.bytes,
                context: context
            )
            return try JSON(parsing: reply.body)["secret"]?.string
        } catch let fault as Fault where fault.code == .notFound {
            return nil
        }
    }

    @Test func `a token leaves the vault for its provider's service alone, and each use is told`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let id = try await self.store(service, ada)
            #expect(try await self.open(service, ada.organization) == Self.secret)
            for peer in ["delivery", "crm", "timeline", "gateway", nil] {
                #expect(try await self.open(service, ada.organization, by: peer) == nil)
            }
            #expect(try await self.open(service, ada.organization, "stripe") == nil)
            #expect(try await self.open(service, eve.organization) == nil)
            let read = try await service.json("integration_token.get", id: id, token: ada.access)
            #expect(read["last_used_at"]?.string == service.clock.now.description && read["sealed"] == nil)
            let events = try await service.events(of: ada.organization)
            let uses = events.filter { $0.type == "integration_token.used" }
            #expect(uses.count == 1 && uses[0].payload["reader"] == "revenue")
            #expect(events.allSatisfy { !"\($0.payload)".contains(Self.secret) })
            let told = try await service.securityEvents(ada.access, [("subject_id", id)])
            #expect(
                told.compactMap { $0["type"]?.string }.sorted() == [
                    "integration_token.stored", "integration_token.used",
                ]
            )
        }
    }

    @Test func `a token is replaced, ends, and is revoked with its secret`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let id = try await self.store(service, ada, expiresIn: 60)
            let again: JSON = ["provider": "xero", "name": "Books", "secret": "another"]
            #expect(try await service.fault("integration_token.create", again, token: ada.access)?.code == .conflict)
            service.clock.advance(bySeconds: 60)
            #expect(try await self.open(service, ada.organization) == nil)
            let replaced = try await service.json(
                "integration_token.replace",
                ["secret": "example-refresh-token-2"],
                id: id,
                token: ada.access
            )
            #expect(replaced["expires_at"] == .null && replaced["replaced_at"] != .null)
            #expect(try await self.open(service, ada.organization) == "example-refresh-token-2")
            _ = try await service.json("integration_token.revoke", id: id, token: ada.access)
            #expect(try await self.open(service, ada.organization) == nil)
            let left = try await service.database.read(
                .system,
                "SELECT count(*) AS n FROM integration_token WHERE sealed IS NOT NULL OR key_id IS NOT NULL",
                []
            )
            #expect(try left[0].int("n") == 0)
            for operation in ["integration_token.revoke", "integration_token.replace"] {
                let body: JSON = operation.hasSuffix("replace") ? ["secret": "late"] : .null
                let fault = try await service.fault(operation, body, id: id, token: ada.access)
                #expect(fault?.code == .invalidTransition)
            }
            // The provider is free for another one.
            _ = try await self.store(service, ada)
            #expect(try await self.open(service, ada.organization) == Self.secret)
        }
    }

    @Test func `a row that was moved to another organization or tampered with gives nothing`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let (hers, other) = (try await self.store(service, ada), try await self.store(service, eve))
            func opened(_ firm: SignedInFirm) async throws -> Fault.Code? {
                do {
                    _ = try await self.open(service, firm.organization)
                    return nil
                } catch let fault as Fault { return fault.code }
            }
            try await service.database.transaction(.system) { transaction in
                try transaction.query(
                    """
                    UPDATE integration_token SET sealed = (SELECT sealed FROM integration_token WHERE id = $1) WHERE id = $2
                    """,
                    [.uuid(try #require(Identifier(hers))), .uuid(try #require(Identifier(other)))]
                )
            }
            #expect(try await opened(eve) == .internalError)
            #expect(try await opened(ada) == nil)
            try await service.database.transaction(.system) { transaction in
                try transaction.query(
                    "UPDATE integration_token SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)"
                )
            }
            #expect(try await opened(ada) == .internalError)
            // What gives nothing is no use.
            #expect(try await service.events(of: eve.organization).allSatisfy { $0.type != "integration_token.used" })
        }
    }

    /// The service with other keys, over the same database.
    private static func with(_ keys: String, _ service: IdentityHarness) throws -> IdentityParts {
        var options = IdentityOptions(
            peppers: Peppers(current: Array(repeating: 7, count: 32)),
            vaultKeys: try #require(VaultKeyRing(keys))
        )
        options.argonMemoryKiB = 64
        options.argonIterations = 1
        return try IdentityParts(service.parts.persistence, options)
    }

    @Test func `a new key takes over all tokens, and then the old one is not needed`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            for provider in ["xero", "stripe", "google"] { _ = try await self.store(service, ada, provider) }
            let new = "new:" + String(repeating: "ab", count: 32)
            #expect(try await service.parts.resealIntegrationTokens() == ResealedTokens())
            let before = try await service.json("integration_token.list", token: ada.access)
            let both = try Self.with(new + "\n" + IdentityHarness.vaultKeys, service)
            #expect(try await self.open(service, ada.organization, through: identityRouter(both)) == Self.secret)
            #expect(try await both.resealIntegrationTokens().count == 3)
            #expect(try await both.resealIntegrationTokens() == ResealedTokens())
            let after = try Self.with(new, service)
            #expect(try await after.resealIntegrationTokens() == ResealedTokens())
            #expect(
                try await self.open(service, ada.organization, "google", by: "delivery", through: identityRouter(after))
                    == Self.secret
            )
            #expect(try await self.open(service, ada.organization, through: identityRouter(after)) == Self.secret)
            // Nobody sees that anything has changed: versions count uses alone.
            let now = try await service.json("integration_token.list", token: ada.access)
            func versions(_ list: JSON) -> Int64 {
                (list["data"]?.array ?? []).compactMap { $0["version"]?.int64 }.reduce(0, +)
            }
            #expect(versions(before) == 3 && versions(now) == 3 + 3)
        }
    }

    @Test func `many tokens are sealed anew batch by batch, and one that does not open stops none of them`()
        async throws
    {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let id = try await self.store(service, ada)
            let many = Int(2 * Resealing.batchMax)
            // Copies that were put under other ids: they name the right key and open nowhere.
            try await service.database.transaction(.system) { transaction in
                try transaction.query(
                    """
                    INSERT INTO organization
                    SELECT (jsonb_populate_record(o, jsonb_build_object('id', n.id, 'organization_id', n.id))).*
                    FROM organization o, (SELECT gen_random_uuid() AS id FROM generate_series(1, $1)) AS n
                    """,
                    [.int(Int64(many))]
                )
                try transaction.query(
                    """
                    INSERT INTO integration_token SELECT (jsonb_populate_record(t, jsonb_build_object('organization_id', o.id, 'id', o.id))).*
                    FROM integration_token t, organization o WHERE o.id <> t.organization_id
                    """
                )
            }
            let eve = try await service.signUp("Eve", "eve@example.com")
            let last = try await self.store(service, eve)
            let both = try Self.with(
                "new:" + String(repeating: "ab", count: 32) + "," + IdentityHarness.vaultKeys,
                service
            )
            let resealed = try await both.resealIntegrationTokens()
            #expect(resealed.count == 2 && resealed.unopened.count == many && resealed.missingKeys.isEmpty)
            #expect(!resealed.unopened.map(\.description).contains { $0 == id || $0 == last })
            #expect(throws: VaultNeedsHelp(missingKeys: [], unopened: resealed.unopened)) { try resealed.check() }
        }
    }

    @Test func `tokens whose key is missing are named, refused and kept until it is back`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let id = try await self.store(service, ada)
            let stranger = try Self.with("new:" + String(repeating: "ab", count: 32), service)
            var router = identityRouter(stranger)
            // The cause is for the log, the fault for who asked.
            let (causes, told) = AsyncStream.makeStream(of: String.self)
            router.reports { failure in told.yield("\(failure.cause)") }
            let withoutKey = router
            let fault = await #expect(throws: Fault.self) {
                try await self.open(service, ada.organization, through: withoutKey)
            }
            #expect(fault?.code == .internalError)
            #expect(
                await causes.first { _ in true }
                    == "integration token \(id) does not open: the vault's key \"first\" is not in --vault-keys"
            )
            let looked = try await stranger.resealIntegrationTokens()
            #expect(looked.count == 0 && looked.missingKeys == ["first"])
            let needed = #expect(throws: VaultNeedsHelp.self) { try looked.check() }
            #expect(
                needed?.description == "tokens are sealed with the key \"first\", which is not in --vault-keys"
            )
            #expect(try await self.open(service, ada.organization) == Self.secret)
        }
    }

    @Test func `only those who run the organization look after the vault`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let member = try await service.colleague("Alan", .member, of: ada)
            let eve = try await service.signUp("Eve", "eve@example.com")
            let id = try await self.store(service, ada)
            let make: JSON = ["name": "All", "scopes": ["identity:read", "identity:write"]]
            let key = try #require(try await service.json("api_key.create", make, token: ada.access)["token"]?.string)
            for token in [member.access, key] {
                #expect(try await service.fault("integration_token.list", token: token)?.code == .forbidden)
                #expect(try await service.fault("integration_token.revoke", id: id, token: token)?.code == .forbidden)
            }
            #expect(try await service.fault("integration_token.revoke", id: id, token: eve.access)?.code == .notFound)
            let past: JSON = [
                "provider": "stripe", "name": "Late", "secret": "x",
                "expires_at": .string(service.clock.now.description),
            ]
            let fault = try await service.fault("integration_token.create", past, token: ada.access)
            #expect(fault?.problems.map(\.pointer) == ["/expires_at"])
        }
    }
}
