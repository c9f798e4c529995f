internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct MemberActivityTests {
    @Test func `a member who is kept out is out at once, with their keys, until they are let in again`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", .admin, of: ada)
            let made: JSON = ["name": "Sync", "scopes": ["crm:read"]]
            let key = try #require(try await service.json("api_key.create", made, token: grace.access)["token"]?.string)
            let member = try await service.json("member.deactivate", id: grace.member, token: ada.access, ifMatch: 1)
            #expect(member["status"] == "deactivated" && member["version"] == 2)
            for credential in [grace.access, key] { #expect(try await !service.isLive(credential)) }
            let refresh: JSON = ["refresh_token": .string(grace.refresh)]
            #expect(try await service.fault("session.refresh", refresh) == Refreshes.refusal)
            await #expect(throws: Throttle.refusal) { try await service.signIn("grace@example.com") }
            let events = try await service.events(of: ada.organization).suffix(2)
            #expect(events.map(\.type) == ["member.deactivated", "session.ended"])
            #expect(events.first?.payload["previous"]?["status"] == "active")
            let again = try await service.json("member.reactivate", id: grace.member, token: ada.access)
            #expect(again["status"] == "active")
            #expect(try await service.isLive(key))
            // The sessions are over for good.
            #expect(try await !service.isLive(grace.access))
            _ = try await service.signIn("grace@example.com")
            #expect(try await service.events(of: ada.organization).contains { $0.type == "member.reactivated" })
        }
    }

    @Test func `who belongs elsewhere too is there as before`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            service.clock.advance(bySeconds: 1)
            let added: JSON = ["name": "Eve", "email": "eve@example.com", "role": "member"]
            let member = try await service.json("member.add", added, token: ada.access)
            _ = try await service.json("member.deactivate", id: member["id"]?.string, token: ada.access)
            #expect(try await service.isLive(eve.access))
            let switched: JSON = ["organization_id": .string(ada.organization)]
            #expect(try await service.fault("session.switch", switched, token: eve.access)?.code == .notFound)
            #expect(try await service.json("me.get", token: eve.access)["organizations"]?.array?.count == 1)
            let listed = try await service.json("member.list", token: ada.access)["data"]?.array ?? []
            #expect(listed.first { $0["user_id"]?.string == eve.user }?["status"] == "deactivated")
        }
    }

    @Test func `an admin keeps out everybody but owners, nobody themself, and the last owner stays`() async throws {
        try await IdentityHarness.run { service in
            let owner = try await service.signUp()
            let admin = try await service.colleague("Alan", .admin, of: owner)
            let member = try await service.colleague("Grace", .member, of: owner)
            func code(_ operation: String, _ target: SignedInFirm, by actor: SignedInFirm) async throws -> String? {
                let fault = try await service.fault(operation, id: target.member, token: actor.access)
                return fault?.problems.first?.code ?? fault?.code.rawValue
            }
            #expect(try await code("member.deactivate", owner, by: admin) == "role_too_low")
            #expect(try await code("member.deactivate", admin, by: member) == "forbidden")
            #expect(try await code("member.deactivate", admin, by: admin) == "oneself")
            #expect(try await code("member.reactivate", member, by: admin) == "invalid_transition")
            #expect(try await code("member.deactivate", member, by: admin) == nil)
            #expect(try await code("member.deactivate", member, by: admin) == "invalid_transition")
            // An owner who is kept out does not count.
            let second = try await service.colleague("Olive", .owner, of: owner)
            #expect(try await code("member.deactivate", second, by: owner) == nil)
            let left = try await service.fault("member.remove", id: owner.member, token: owner.access)
            #expect(left?.problems.map(\.code) == ["last_owner"])
            // But may be removed like everybody.
            #expect(try await service.call("member.remove", id: second.member, token: owner.access).status == 204)
        }
    }

    @Test func `another organization's member is as unknown as nobody`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            for operation in ["member.deactivate", "member.reactivate"] {
                let random = try await service.fault(operation, id: Identifier.random().description, token: eve.access)
                #expect(random?.code == .notFound)
                #expect(try await service.fault(operation, id: ada.member, token: eve.access) == random)
            }
        }
    }
}
