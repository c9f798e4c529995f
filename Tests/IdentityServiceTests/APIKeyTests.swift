internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct APIKeyTests {
    @Test func `a key's secret is shown once, and it does what its scopes say`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let made = try await service.json(
                "api_key.create",
                ["name": "Sync", "scopes": ["crm:write", "identity:read"]],
                token: firm.access
            )
            let secret = try #require(made["token"]?.string)
            let id = try #require(made["id"]?.string)
            #expect(secret.hasPrefix("ak_"))
            #expect(made["prefix"]?.string == String(secret.prefix(11)))
            let read = try await service.call("api_key.get", id: id, token: firm.access)
            #expect(!String(decoding: read.body, as: UTF8.self).contains(secret))
            let who = try await service.resolve(secret)
            #expect(who["kind"] == "api_key" && who["subject"]?.string == id)
            #expect(who["scopes"] == ["crm:write", "identity:read"])
            // Its maker is an owner; a key never is.
            #expect(who["role"] == "admin")
            #expect(try await service.json("me.get", token: secret)["api_key"]?["id"]?.string == id)
            #expect(try await service.call("member.list", token: secret).status == 200)
            let add: JSON = ["name": "New", "email": "new@example.com", "role": "viewer"]
            #expect(try await service.fault("member.add", add, token: secret)?.code == .forbidden)
            let event = try await service.events(of: firm.organization).last
            #expect(event?.type == "api_key.created")
            #expect("\(event?.payload ?? .null)".contains(secret) == false)
        }
    }

    @Test func `a key manages neither keys nor sessions`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let scopes: JSON = ["crm:write", "identity:read", "identity:write"]
            let made = try await service.json("api_key.create", ["name": "Sync", "scopes": scopes], token: firm.access)
            let secret = try #require(made["token"]?.string)
            let id = try #require(made["id"]?.string)
            for operation in ["api_key.list", "session.list", "session.current", "session.sign_out"] {
                #expect(try await service.fault(operation, token: secret)?.code == .forbidden)
            }
            #expect(try await service.fault("api_key.revoke", id: id, token: secret)?.code == .forbidden)
            let more: JSON = ["name": "More", "scopes": ["crm:read"]]
            #expect(try await service.fault("api_key.create", more, token: secret)?.code == .forbidden)
            let move: JSON = ["organization_id": .string(firm.organization)]
            #expect(try await service.fault("session.switch", move, token: secret)?.code == .forbidden)
        }
    }

    @Test func `a key does no more than its maker may, today`() async throws {
        try await IdentityHarness.run { service in
            let owner = try await service.signUp()
            let admin = try await service.colleague("Alan", .admin, of: owner)
            let scopes: JSON = ["crm:read", "crm:write", "identity:write"]
            let made = try await service.json(
                "api_key.create",
                ["name": "Sync", "scopes": scopes],
                token: admin.access
            )
            let secret = try #require(made["token"]?.string)
            _ = try await service.json("member.change_role", ["role": "viewer"], id: admin.member, token: owner.access)
            let who = try await service.resolve(secret)
            #expect(who["role"] == "viewer" && who["scopes"] == ["crm:read"])
            #expect(try await service.fault("api_key.list", token: admin.access)?.code == .forbidden)
        }
    }

    @Test func `unknown scopes, no scopes and a past end are refused`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            for (body, pointer): (JSON, String) in [
                (["name": "A", "scopes": ["session"]], "/scopes/0"), (["name": "A", "scopes": []], "/scopes"),
                (["name": "A", "scopes": ["crm:read"], "expires_at": "2020-01-01T00:00:00Z"], "/expires_at"),
            ] {
                let fault = try await service.fault("api_key.create", body, token: firm.access)
                #expect(fault?.code == .validationFailed && fault?.problems.first?.pointer == pointer)
            }
        }
    }

    @Test func `a revoked or expired key is dead at once`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            func make(_ body: JSON) async throws -> (id: String, secret: String) {
                let made = try await service.json("api_key.create", body, token: firm.access)
                return (try #require(made["id"]?.string), try #require(made["token"]?.string))
            }
            let end = service.clock.now.advanced(bySeconds: 60).description
            let brief = try await make(["name": "Brief", "scopes": ["crm:read"], "expires_at": .string(end)])
            let long = try await make(["name": "Long", "scopes": ["crm:read"]])
            #expect(try await service.isLive(brief.secret))
            service.clock.advance(bySeconds: 60)
            #expect(try await !service.isLive(brief.secret))
            #expect(try await service.json("api_key.revoke", id: long.id, token: firm.access)["revoked_at"] != .null)
            #expect(try await !service.isLive(long.secret))
            #expect(
                try await service.fault("api_key.revoke", id: long.id, token: firm.access)?.code == .invalidTransition
            )
            #expect(try await service.call("api_key.delete", id: long.id, token: firm.access).status == 204)
            #expect(try await service.events(of: firm.organization).filter { $0.type == "api_key.revoked" }.count == 1)
            let eve = try await service.signUp("Eve", "eve@example.com")
            let random = try await service.fault("api_key.get", id: Identifier.random().description, token: eve.access)
            #expect(try await service.fault("api_key.get", id: long.id, token: eve.access) == random)
        }
    }
}
