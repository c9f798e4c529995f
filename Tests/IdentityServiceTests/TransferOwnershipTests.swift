internal import Contracts
internal import IdentityDomain
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct TransferOwnershipTests {
    private func body(_ member: String, _ password: String = IdentityHarness.password) -> JSON {
        ["member_id": .string(member), "password": .string(password)]
    }

    @Test func `another member becomes owner, and the former one stays as an admin`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", .member, of: ada)
            let answer = try await service.json(
                "organization.transfer_ownership",
                self.body(grace.member),
                token: ada.access
            )
            #expect(answer["id"]?.string == grace.member && answer["role"] == "owner")
            #expect(try await service.resolve(ada.access)["role"] == "admin")
            #expect(try await service.resolve(grace.access)["role"] == "owner")
            let events = try await service.events(of: ada.organization).suffix(2)
            #expect(events.map(\.type) == ["member.role_changed", "member.role_changed"])
            #expect(events.map { $0.payload["data"]?["role"] } == ["owner", "admin"])
            #expect(events.map { $0.payload["previous"]?["role"] } == ["member", "owner"])
            // She has it no more.
            let again = try await service.fault(
                "organization.transfer_ownership",
                self.body(ada.member),
                token: ada.access
            )
            #expect(again?.code == .forbidden)
        }
    }

    @Test func `only for the password, by an owner's session, to somebody who can have it`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let admin = try await service.colleague("Alan", .admin, of: ada)
            let second = try await service.colleague("Olive", .owner, of: ada)
            let out = try await service.colleague("Grace", .member, of: ada)
            _ = try await service.json("member.deactivate", id: out.member, token: ada.access)
            func fault(_ body: JSON, _ token: String) async throws -> Fault? {
                try await service.fault("organization.transfer_ownership", body, token: token)
            }
            let wrong = try await fault(self.body(admin.member, "not her password"), ada.access)
            #expect(wrong?.problems.map(\.pointer) == ["/password"] && wrong?.problems.map(\.code) == ["wrong"])
            #expect(try await fault(self.body(admin.member), admin.access)?.code == .forbidden)
            let made: JSON = ["name": "Key", "scopes": ["identity:write"]]
            let key = try #require(try await service.json("api_key.create", made, token: ada.access)["token"]?.string)
            #expect(try await fault(self.body(admin.member), key)?.code == .forbidden)
            #expect(try await fault(self.body(Identifier.random().description), ada.access)?.code == .notFound)
            for (target, code) in [(second, "role_unchanged"), (ada, "role_unchanged"), (out, "deactivated")] {
                #expect(try await fault(self.body(target.member), ada.access)?.problems.map(\.code) == [code])
            }
            let eve = try await service.signUp("Eve", "eve@example.com")
            #expect(try await fault(self.body(eve.member), ada.access)?.code == .notFound)
            #expect(try await service.resolve(ada.access)["role"] == "owner")
        }
    }
}
