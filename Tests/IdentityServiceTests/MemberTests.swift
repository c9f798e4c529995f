internal import Contracts
internal import Postgres
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct MemberTests {
    private func role(_ role: Role) -> JSON { ["role": .string(role.rawValue)] }

    @Test func `an admin adds colleagues, one by one and many at once`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let grace = try await service.colleague("Grace", .member, of: firm)
            #expect(grace.organization == firm.organization)
            let rows: [JSON] = (0..<35).map {
                ["name": .string("Agent \($0)"), "email": .string("agent\($0)@example.com"), "role": "member"]
            }
            let answer = try await service.json(
                "member.batch",
                ["mode": "atomic", "rows": .array(rows)],
                token: firm.access
            )
            #expect(answer["created"] == 35)
            #expect(answer["results"]?.array?.allSatisfy { $0["id"]?.string != nil } == true)
            let list = try await service.json("member.list", token: firm.access)
            #expect(list["data"]?.array?.count == 37)
            let types = try await service.events(of: firm.organization).map(\.type)
            #expect(types.filter { $0 == "member.added" }.count == 37)
            #expect(types.filter { $0 == "user.registered" }.count == 37)
        }
    }

    @Test func `a batch is all or nothing, or says what became of each row`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let rows: JSON = [
                ["name": "Grace", "email": "grace@example.com", "role": "member"],
                ["name": "Ada again", "email": "ada@example.com", "role": "member"],
                ["name": "Nobody", "email": "nobody", "role": "king"],
            ]
            let atomic = try await service.fault("member.batch", ["mode": "atomic", "rows": rows], token: firm.access)
            #expect(Set(atomic?.problems.map(\.pointer) ?? []) == ["/rows/2/email", "/rows/2/role"])
            let known = try await service.fault(
                "member.batch",
                ["mode": "atomic", "rows": .array(Array(rows.array?.prefix(2) ?? []))],
                token: firm.access
            )
            #expect(known?.problems.map(\.pointer) == ["/rows/1/email"])
            #expect(try await service.json("member.list", token: firm.access)["data"]?.array?.count == 1)
            let partial = try await service.json("member.batch", ["mode": "partial", "rows": rows], token: firm.access)
            #expect(partial["created"] == 1 && partial["refused"] == 2)
            #expect(partial["results"]?.array?.compactMap { $0["status"]?.int64 } == [201, 409, 422])
        }
    }

    @Test func `somebody known elsewhere joins and keeps their password`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let body: JSON = [
                "name": "Ada L.", "email": "ADA@example.com", "role": "viewer",
                "password": "a password that Eve has chosen",
            ]
            let member = try await service.json("member.add", body, token: eve.access)
            #expect(member["user_id"]?.string == ada.user)
            #expect(member["name"] == "Ada L.")
            _ = try await service.signIn()
            await #expect(throws: Fault.self) {
                try await service.signIn("ada@example.com", "a password that Eve has chosen")
            }
            // Each organization has its own name for her.
            #expect(try await service.json("me.get", token: ada.access)["user"]?["name"] == "Ada")
        }
    }

    @Test func `an admin decides over everybody but owners, a member over nobody`() async throws {
        try await IdentityHarness.run { service in
            let owner = try await service.signUp()
            let admin = try await service.colleague("Alan", .admin, of: owner)
            let member = try await service.colleague("Grace", .member, of: owner)
            let add: JSON = ["name": "New", "email": "new@example.com", "role": "owner"]
            #expect(
                try await service.fault("member.add", add, token: admin.access)?.problems.first?.code == "role_too_low"
            )
            #expect(try await service.fault("member.add", add, token: member.access)?.code == .forbidden)
            #expect(
                try await service.fault(
                    "member.change_role",
                    self.role(.viewer),
                    id: owner.member,
                    token: admin.access
                )?.code == .conflict
            )
            let changed = try await service.json(
                "member.change_role",
                self.role(.viewer),
                id: member.member,
                token: admin.access,
                ifMatch: 1
            )
            #expect(changed["role"] == "viewer" && changed["version"] == 2)
            #expect(try await service.resolve(member.access)["role"] == "viewer")
            #expect(try await service.resolve(member.access)["member_version"] == 2)
            let event = try await service.events(of: owner.organization).last
            #expect(event?.type == "member.role_changed" && event?.payload["previous"]?["role"] == "member")
            #expect(
                try await service.fault(
                    "member.change_role",
                    self.role(.member),
                    id: member.member,
                    token: admin.access,
                    ifMatch: 1
                )?.code == .stale
            )
        }
    }

    @Test func `the last owner stays`() async throws {
        try await IdentityHarness.run { service in
            let owner = try await service.signUp()
            let demoted = try await service.fault(
                "member.change_role",
                self.role(.admin),
                id: owner.member,
                token: owner.access
            )
            #expect(demoted?.problems.first?.code == "last_owner")
            let left = try await service.fault("member.remove", id: owner.member, token: owner.access)
            #expect(left?.problems.first?.code == "last_owner")
        }
    }

    @Test(arguments: [Role.viewer, .member, .admin, .owner])
    func `everybody may leave, and be gone at once`(role: Role) async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", role, of: ada)
            #expect(try await service.call("member.remove", id: grace.member, token: grace.access).status == 204)
            #expect(try await !service.isLive(grace.access))
            let event = try #require(try await service.events(of: ada.organization).last)
            #expect(event.type == "member.removed" && event.payload["data"]?["user_id"]?.string == grace.user)
            #expect(try await service.json("member.list", token: ada.access)["data"]?.array?.count == 1)
        }
    }

    @Test(arguments: [Role.viewer, .member])
    func `only who manages members removes others`(role: Role) async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", role, of: ada)
            let alan = try await service.colleague("Alan", .viewer, of: ada)
            let refused = try await service.fault("member.remove", id: alan.member, token: grace.access)
            #expect(refused?.code == .forbidden)
            let nobody = Identifier.random().description
            #expect(try await service.fault("member.remove", id: nobody, token: grace.access)?.code == .notFound)
            #expect(try await service.isLive(alan.access))
        }
    }

    @Test func `two owners who demote each other at once leave one`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", .owner, of: ada)
            for _ in 0..<5 {
                await withTaskGroup(of: Void.self) { group in
                    for (actor, target) in [(ada, grace), (grace, ada)] {
                        group.addTask {
                            _ = try? await service.fault(
                                "member.change_role",
                                self.role(.admin),
                                id: target.member,
                                token: actor.access
                            )
                        }
                    }
                }
                let members = try await service.json("member.list", token: ada.access)["data"]?.array ?? []
                let owners = members.filter { $0["role"] == "owner" }.compactMap { $0["id"]?.string }
                #expect(owners.count == 1)
                let (last, other) = owners == [ada.member] ? (ada, grace) : (grace, ada)
                _ = try await service.json(
                    "member.change_role",
                    self.role(.owner),
                    id: other.member,
                    token: last.access
                )
            }
        }
    }

    @Test func `a removed member's sessions and keys end at once`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", .admin, of: ada)
            let key = try await service.json(
                "api_key.create",
                ["name": "Sync", "scopes": ["crm:read"]],
                token: grace.access
            )
            let secret = try #require(key["token"]?.string)
            #expect(try await service.isLive(secret))
            #expect(try await service.call("member.remove", id: grace.member, token: ada.access).status == 204)
            #expect(try await !service.isLive(grace.access))
            #expect(try await !service.isLive(secret))
            let refresh: JSON = ["refresh_token": .string(grace.refresh)]
            #expect(try await service.fault("session.refresh", refresh) == Refreshes.refusal)
            #expect(
                try await service.events(of: ada.organization).suffix(2).map(\.type) == [
                    "member.removed", "api_key.revoked",
                ]
            )
            // She belongs nowhere now, and may come back.
            await #expect(throws: Fault.self) { try await service.signIn("grace@example.com") }
            let again: JSON = ["name": "Grace", "email": "grace@example.com", "role": "member"]
            #expect(try await service.json("member.add", again, token: ada.access)["user_id"]?.string == grace.user)
        }
    }

    @Test func `another organization's member is as unknown as nobody`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let nobody = Identifier.random().description
            for (operation, body) in [
                ("member.get", JSON.null), ("member.change_role", self.role(.viewer)), ("member.remove", .null),
            ] {
                let random = try await service.fault(operation, body, id: nobody, token: eve.access)
                #expect(random?.code == .notFound)
                #expect(try await service.fault(operation, body, id: ada.member, token: eve.access) == random)
            }
        }
    }

    @Test func `a tenant's transaction sees nothing of people, tokens and attempts of others`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let id = try #require(Identifier(eve.organization))
            for table: SQL in ["app_user", "sign_in_attempt", "sign_in_history"] {
                let rows = try await service.database.read(.organization(id), "SELECT count(*) AS seen FROM " + table)
                #expect(try rows[0].int("seen") == 0)
            }
            for table: SQL in [
                "organization", "organization_member", "session", "session_token", "api_key", "credential_revocation",
            ] {
                let rows = try await service.database.read(
                    .organization(id),
                    "SELECT count(*) AS seen FROM " + table + " WHERE organization_id = $1",
                    [.text(ada.organization)]
                )
                #expect(try rows[0].int("seen") == 0)
            }
        }
    }
}
