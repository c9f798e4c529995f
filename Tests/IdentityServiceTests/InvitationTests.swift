internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct InvitationTests {
    private static let grace = "grace@example.com"

    private func accept(_ token: String, name: String? = "Grace", password: String = IdentityHarness.password) -> JSON {
        var body: JSONObject = ["token": .string(token), "password": .string(password)]
        if let name { body["name"] = .string(name) }
        return .object(body)
    }

    @Test func `somebody new joins with a name and a password of their own`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (invitation, token) = try await service.invite(Self.grace, .member, by: ada)
            #expect(invitation["status"] == "pending" && invitation["invited_by"]?.string == ada.user)
            #expect(token.hasPrefix("iv_") && token.utf8.count == 46)
            let mail = try #require(try await service.mails(to: Self.grace).first)
            #expect(
                mail.subject == "Ada invites you to Firm of Ada" && mail.html.contains("/accept-invitation#" + token)
            )
            let reply = try await service.call("invitation.accept", self.accept(token))
            #expect(reply.status == 201)
            let grace = try SignedInFirm(JSON(parsing: reply.body))
            #expect(grace.organization == ada.organization && grace.json["member"]?["role"] == "member")
            #expect(try await service.json("me.get", token: grace.access)["user"]?["name"] == "Grace")
            _ = try await service.signIn(Self.grace)
            let id = try #require(invitation["id"]?.string)
            let accepted = try await service.json("invitation.get", id: id, token: ada.access)
            #expect(accepted["status"] == "accepted" && accepted["member_id"]?.string == grace.member)
            let types = try await service.events(of: ada.organization).map(\.type).suffix(6)
            #expect(
                types == [
                    "invitation.created", "user.registered", "invitation.accepted", "member.added", "session.started",
                    "session.started",
                ]
            )
        }
    }

    @Test func `somebody who is known joins as who they are, by their password`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let (_, token) = try await service.invite("eve@example.com", .viewer, by: ada)
            let wrong = self.accept(token, name: nil, password: "not her password")
            #expect(try await service.fault("invitation.accept", wrong) == Throttle.refusal)
            let joined = try SignedInFirm(
                try await service.json("invitation.accept", self.accept(token, name: "Other"))
            )
            #expect(joined.user == eve.user && joined.organization == ada.organization)
            #expect(joined.json["user"]?["name"] == "Eve")
            let places = try await service.json("me.get", token: joined.access)["organizations"]?.array
            #expect(places?.count == 2)
        }
    }

    @Test func `who guesses a known person's password by an invitation is throttled as at sign-in`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.signUp("Eve", "eve@example.com")
            let (_, token) = try await service.invite("eve@example.com", .viewer, by: ada)
            let start = service.parts.hasher.verificationsTotal
            for _ in 0..<8 {
                let wrong = self.accept(token, password: "not her password")
                #expect(try await service.fault("invitation.accept", wrong) == Throttle.refusal)
            }
            #expect(service.parts.hasher.verificationsTotal - start == 5)
        }
    }

    @Test func `who is signed in joins without a password, by their own address only`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let (_, foreign) = try await service.invite(Self.grace, .viewer, by: ada)
            let refused = try await service.fault("invitation.join", ["token": .string(foreign)], token: eve.access)
            #expect(refused?.problems.map(\.code) == ["other_address"])
            let (_, token) = try await service.invite("eve@example.com", .admin, by: ada)
            let reply = try await service.call("invitation.join", ["token": .string(token)], token: eve.access)
            #expect(reply.status == 201)
            #expect(try JSON(parsing: reply.body)["role"] == "admin")
            // Her session stays where it is, and may switch.
            #expect(
                try await service.json("me.get", token: eve.access)["organization"]?["id"]?.string == eve.organization
            )
            let switched = try await service.json(
                "session.switch",
                ["organization_id": .string(ada.organization)],
                token: eve.access
            )
            #expect(switched["member"]?["role"] == "admin")
            let added = try await service.events(of: ada.organization).filter { $0.type == "member.added" }
            #expect(added.count == 2)
        }
    }

    @Test func `a link is good once, even for many at once`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (_, token) = try await service.invite(Self.grace, .member, by: ada)
            let joined = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask { (try? await service.call("invitation.accept", self.accept(token)).status) == 201 }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(joined == 1)
            let fault = try await service.fault("invitation.accept", self.accept(token))
            #expect(fault?.code == .gone && fault?.problems.map(\.code) == ["invitation_accepted"])
            #expect(try await service.json("member.list", token: ada.access)["data"]?.array?.count == 2)
        }
    }

    @Test func `what is sent again has another link and all of its time`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (invitation, first) = try await service.invite(Self.grace, .member, by: ada)
            let id = try #require(invitation["id"]?.string)
            service.clock.advance(bySeconds: Invitation.lifetimeSeconds)
            #expect(try await service.parts.expireInvitations(at: service.clock.now) == 1)
            #expect(try await service.parts.expireInvitations(at: service.clock.now) == 0)
            #expect(
                try await service.json("invitation.get", id: id, token: try await service.signIn().access)["status"]
                    == "expired"
            )
            let ended = try #require(
                try await service.events(of: ada.organization).last { $0.type == "invitation.expired" }
            )
            #expect(ended.payload["data"]?["id"]?.string == id)
            let owner = try await service.signIn()
            let again = try await service.call("invitation.resend", id: id, token: owner.access, key: "again")
            #expect(try JSON(parsing: again.body)["status"] == "pending")
            let second = try await service.invitationToken(for: Self.grace)
            #expect(second != first)
            #expect(try await service.fault("invitation.accept", self.accept(first))?.code == .notFound)
            service.clock.advance(bySeconds: Invitation.lifetimeSeconds - 1)
            #expect(try await service.call("invitation.accept", self.accept(second)).status == 201)
        }
    }

    @Test func `nobody joins after the time, whether or not it was written down`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (_, token) = try await service.invite(Self.grace, .member, by: ada)
            service.clock.advance(bySeconds: Invitation.lifetimeSeconds)
            let fault = try await service.fault("invitation.accept", self.accept(token))
            #expect(fault?.code == .gone && fault?.problems.map(\.code) == ["invitation_expired"])
        }
    }

    @Test func `what was taken back stays so`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (invitation, token) = try await service.invite(Self.grace, .member, by: ada)
            let id = try #require(invitation["id"]?.string)
            let stale = try await service.fault("invitation.revoke", id: id, token: ada.access, ifMatch: 7)
            #expect(stale?.code == .stale)
            #expect(
                try await service.json("invitation.revoke", id: id, token: ada.access, ifMatch: 1)["status"]
                    == "revoked"
            )
            #expect(try await service.fault("invitation.accept", self.accept(token))?.code == .gone)
            #expect(try await service.fault("invitation.revoke", id: id, token: ada.access)?.code == .invalidTransition)
            // The address may be invited anew.
            _ = try await service.invite(Self.grace, .viewer, by: ada)
        }
    }

    @Test func `a refused name or password does not spend the link`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (_, token) = try await service.invite(Self.grace, .member, by: ada)
            let nameless = try await service.fault("invitation.accept", self.accept(token, name: nil))
            #expect(nameless?.problems.map(\.pointer) == ["/name"])
            let common = try await service.fault("invitation.accept", self.accept(token, password: "passwordpassword"))
            #expect(common?.problems.map(\.pointer) == ["/password"])
            #expect(try await service.call("invitation.accept", self.accept(token)).status == 201)
        }
    }

    @Test(arguments: [
        "iv_", "iv_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "pr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ])
    func `what is no link opens nothing`(token: String) async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            #expect(try await service.fault("invitation.accept", self.accept(token))?.code == .notFound)
            let join: JSON = ["token": .string(token)]
            #expect(try await service.fault("invitation.join", join, token: ada.access)?.code == .notFound)
            // And an invitation's link is no credential.
            #expect(try await !service.isLive(token))
        }
    }
}
