internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct SecurityEventListTests {
    @Test func `they come in pages, by filters, and a cursor is good for its own list`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            for _ in 0..<4 {
                service.clock.advance(bySeconds: 1)
                _ = try await service.signIn()
            }
            var seen: [String] = []
            var cursor: String?
            repeat {
                let query = [("type", "session.started"), ("limit", "2")] + (cursor.map { [("cursor", $0)] } ?? [])
                let page = try await service.securityEventPage(ada.access, own: true, query)
                seen += try #require(page["data"]?.array).compactMap { $0["created_at"]?.string }
                cursor = page["next_cursor"]?.string
            } while cursor != nil
            #expect(seen.count == 5 && seen == seen.sorted(by: >))
            let first = try await service.securityEventPage(ada.access, own: true, [("limit", "2")])
            let taken = try #require(first["next_cursor"]?.string)
            await #expect(throws: Fault.self) {
                try await service.securityEventPage(ada.access, [("limit", "2"), ("cursor", taken)])
            }
        }
    }

    @Test func `an API key reads the organization's with the scope for it, and has none of its own`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            func key(_ scope: JSON) async throws -> String {
                let make: JSON = ["name": "Watch", "scopes": [scope]]
                return try #require(try await service.json("api_key.create", make, token: ada.access)["token"]?.string)
            }
            let (reader, other) = (try await key("identity:read"), try await key("crm:read"))
            #expect(try await !service.securityEvents(reader).isEmpty)
            #expect(try await service.fault("security_event.list", token: other)?.code == .forbidden)
            #expect(try await service.fault("security_event.list_own", token: reader)?.code == .forbidden)
        }
    }

    @Test func `they are another organization's business as little as any row`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let id = try #require(try await service.securityEvents(ada.access).first?["id"]?.string)
            let random = try await service.fault(
                "security_event.get",
                id: Identifier.random().description,
                token: eve.access
            )
            #expect(try await service.fault("security_event.get", id: id, token: eve.access) == random)
            #expect(try await service.securityEvents(eve.access, [("user_id", ada.user)]).isEmpty)
        }
    }

    @Test func `nothing deletes them but their age, and only where somebody was can be forgotten`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let organization = try #require(Identifier(ada.organization))
            func affected(_ scope: TenantScope, _ sql: SQL) async throws -> Int {
                try await service.database.transaction(scope) { try $0.query(sql).affected }
            }
            await #expect(throws: SQLFault.self) {
                try await affected(.system, "UPDATE security_event SET type = 'session.ended'")
            }
            #expect(try await affected(.organization(organization), "UPDATE security_event SET network = NULL") == 0)
            #expect(try await affected(.system, "UPDATE security_event SET network = NULL") > 0)
            #expect(try await affected(.organization(organization), "DELETE FROM security_event") == 0)
            func count() async throws -> Int64 {
                try await service.database.read(.system, "SELECT count(*) AS n FROM security_event", [])[0].int("n")
            }
            let before = try await count()
            #expect(before > 0)
            service.clock.advance(bySeconds: SecurityEvents.keptSeconds)
            _ = try await service.parts.sweep(at: service.clock.now)
            #expect(try await count() == before)
            service.clock.advance(bySeconds: 1)
            _ = try await service.parts.sweep(at: service.clock.now)
            #expect(try await count() == 0)
        }
    }

    @Test func `what is rolled back has not happened`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let before = try await service.securityEvents(ada.access).count
            var context = CallContext(
                member: try await service.caller(ada.access),
                requestID: .random(),
                now: service.clock.now
            )
            context.isDryRun = true
            let body: JSON = ["name": "Grace", "email": "grace@example.com", "role": "member"]
            _ = try await service.router.reply(
                to: "identity.member.add/1",
                parameters: [],
                body: body.bytes,
                context: context
            )
            #expect(try await service.securityEvents(ada.access).count == before)
        }
    }
}
