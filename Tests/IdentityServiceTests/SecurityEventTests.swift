internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct SecurityEventTests {
    private func types(_ events: [JSON]) -> [String] { events.compactMap { $0["type"]?.string } }

    @Test func `every event of this service is a security event, or is said to be none`() async throws {
        try await IdentityHarness.run { service in
            let published = Set(service.router.catalog.events.map(\.type))
            #expect(Set(SecurityEventRule.all.keys).union(SecurityEventRule.unconcerned) == published)
            #expect(SecurityEventRule.unconcerned.isDisjoint(with: SecurityEventRule.all.keys))
        }
    }

    @Test func `what happens to members is told to those who answer for them, and to the member`() async throws {
        try await IdentityHarness.run { service in
            let owner = try await service.signUp()
            let alan = try await service.colleague("Alan", .admin, of: owner)
            service.clock.advance(bySeconds: 1)
            _ = try await service.json("member.change_role", ["role": "viewer"], id: alan.member, token: owner.access)
            let all = try await service.securityEvents(owner.access)
            #expect(
                self.types(all).sorted() == [
                    "member.added", "member.added", "member.role_changed", "session.started", "session.started",
                ]
            )
            let change = all[0]
            #expect(change["type"] == "member.role_changed" && change["user_id"]?.string == alan.user)
            #expect(change["actor_id"]?.string == owner.user && change["actor_kind"] == "member")
            #expect(change["subject_type"] == "member" && change["subject_id"]?.string == alan.member)
            #expect(change["detail"]?["role"] == "viewer" && change["detail"]?["previous"] == ["role": "admin"])
            let read = try await service.json("security_event.get", id: change["id"]?.string, token: owner.access)
            #expect(read == change)
            // Alan is a viewer now: of these, what is about him.
            let own = try await service.securityEvents(alan.access, own: true)
            #expect(self.types(own).sorted() == ["member.added", "member.role_changed", "session.started"])
            #expect(try await service.fault("security_event.list", token: alan.access)?.code == .forbidden)
        }
    }

    @Test func `a sign-in says from which network, and with what`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp(at: "203.0.113.77")
            let event = try #require(
                try await service.securityEvents(ada.access, own: true, [("type", "session.started")]).first
            )
            #expect(event["network"] == "203.0.113.0/24" && event["subject_id"]?.string == ada.session)
            #expect(try await !"\(service.securityEvents(ada.access))".contains("203.0.113.77"))
        }
    }

    @Test func `keys and their ends are about whoever made them, without a secret`() async throws {
        try await IdentityHarness.run { service in
            let owner = try await service.signUp()
            let alan = try await service.colleague("Alan", .admin, of: owner)
            let make: JSON = ["name": "Sync", "scopes": ["crm:read"]]
            let made = try await service.json("api_key.create", make, token: alan.access)
            let id = try #require(made["id"]?.string)
            let turned = try await service.json("api_key.rotate", .object([:]), id: id, token: owner.access)
            _ = try await service.json("api_key.revoke", id: id, token: owner.access)
            let own = try await service.securityEvents(alan.access, own: true, [("subject_id", id)])
            #expect(self.types(own).sorted() == ["api_key.created", "api_key.revoked", "api_key.rotated"])
            #expect(own.allSatisfy { $0["detail"]?["name"] == "Sync" && $0["user_id"]?.string == alan.user })
            let text = "\(try await service.securityEvents(owner.access))"
            for secret in [made, turned].compactMap({ $0["token"]?.string }) { #expect(!text.contains(secret)) }
        }
    }

    @Test func `a sign-in that failed is told in each organization of the account, and to nobody else`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            // Ada belongs to both.
            let add: JSON = ["name": "Ada", "email": "ada@example.com", "role": "member"]
            _ = try await service.call("member.add", add, token: eve.access)
            let third = try await service.signUp("Mallory", "mallory@example.com")
            for email in ["ada@example.com", "nobody@example.com"] {
                let wrong: JSON = ["email": .string(email), "password": "not the password at all"]
                #expect(try await service.fault("session.create", wrong, address: "198.51.100.9") == Throttle.refusal)
            }
            #expect(try await service.parts.writeSignInFailures() == 2)
            for (token, count) in [(ada.access, 1), (eve.access, 1), (third.access, 0)] {
                let refused = try await service.securityEvents(token, [("type", "session.refused")])
                #expect(refused.count == count)
                #expect(refused.allSatisfy { $0["user_id"]?.string == ada.user && $0["network"] == "198.51.100.0/24" })
            }
            // An account's other organizations are in neither.
            let seen = "\(try await service.securityEvents(eve.access))"
            #expect(!seen.contains(ada.organization) && !seen.contains(ada.member))
        }
    }

    @Test func `passwords, links for them and a reused refresh token are told`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.call("password_reset.request", ["email": "ada@example.com"])
            #expect(try await service.parts.sendPasswordResets(at: service.clock.now) == 1)
            let refresh: JSON = ["refresh_token": .string(ada.refresh)]
            _ = try await service.json("session.refresh", refresh)
            service.clock.advance(bySeconds: 60)
            #expect(try await service.fault("session.refresh", refresh)?.code == .unauthenticated)
            let again = try await service.signIn()
            let change: JSON = ["current_password": .string(IdentityHarness.password), "password": "another one, long"]
            _ = try await service.call("password.change", change, token: again.access)
            let events = try await service.securityEvents(again.access, own: true)
            #expect(
                Set(self.types(events)) == [
                    "member.added", "session.started", "user.password_reset_requested", "session.refresh_reused",
                    "user.password_changed",
                ]
            )
            let changed = try #require(events.first { $0["type"] == "user.password_changed" })
            #expect(changed["detail"] == ["way": "changed"])
        }
    }

    @Test func `a key is told of where it is used from another network than before`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let make: JSON = ["name": "Sync", "scopes": ["crm:read"]]
            let made = try await service.json("api_key.create", make, token: ada.access)
            let secret = try #require(made["token"]?.string)
            func told() async throws -> [JSON] {
                try await service.parts.writeLastUses(at: service.clock.now)
                return try await service.securityEvents(ada.access, [("type", "api_key.used_from_new_network")])
            }
            try await service.resolve(secret, from: "192.0.2.1")
            #expect(try await told().isEmpty)
            try await service.resolve(secret, from: "192.0.2.200")
            #expect(try await told().isEmpty)
            try await service.resolve(secret, from: "2001:db8:1:2ff::7")
            let events = try await told()
            #expect(events.count == 1 && events[0]["network"] == "2001:db8:1:200::/56")
            #expect(events[0]["subject_id"] == made["id"] && events[0]["user_id"]?.string == ada.user)
            // Another process, which has seen nothing yet, finds it written down.
            let other = KeyNetworks()
            let organization = try #require(Identifier(ada.organization))
            let key = try #require(made["id"]?.string.flatMap(Identifier.init(_:)))
            other.note(key, of: organization, from: "192.0.2.9")
            #expect(try await other.write(at: service.clock.now, by: service.parts.crossTenant) == 0)
            #expect(try await told().count == 1)
        }
    }
}
