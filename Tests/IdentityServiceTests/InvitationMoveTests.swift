internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct InvitationMoveTests {
    private func body(_ email: String, _ role: Role) -> JSON {
        ["email": .string(email), "role": .string(role.rawValue)]
    }

    private func refusal(
        _ service: IdentityHarness,
        _ operation: String,
        _ body: JSON = .null,
        id: String? = nil,
        token: String
    ) async throws -> Fault? {
        do {
            _ = try await service.call(operation, body, id: id, token: token, key: Identifier.random().description)
            return nil
        } catch let fault as Fault {
            return fault
        }
    }

    @Test func `admins invite everybody but owners, members nobody`() async throws {
        try await IdentityHarness.run { service in
            let owner = try await service.signUp()
            let admin = try await service.colleague("Alan", .admin, of: owner)
            let member = try await service.colleague("Grace", .member, of: owner)
            let asOwner = self.body("new@example.com", .owner)
            let low = try await self.refusal(service, "invitation.create", asOwner, token: admin.access)
            #expect(low?.problems.map(\.code) == ["role_too_low"])
            let forbidden = try await self.refusal(service, "invitation.create", asOwner, token: member.access)
            #expect(forbidden?.code == .forbidden)
            #expect(try await service.fault("invitation.list", token: member.access)?.code == .forbidden)
            // Nor do they decide about an owner's invitation.
            let (invitation, _) = try await service.invite("new@example.com", .owner, by: owner)
            let id = try #require(invitation["id"]?.string)
            for operation in ["invitation.resend", "invitation.revoke"] {
                let fault = try await self.refusal(service, operation, id: id, token: admin.access)
                #expect(fault?.problems.map(\.code) == ["role_too_low"])
            }
            _ = try await service.invite("other@example.com", .admin, by: admin)
            #expect(try await service.json("invitation.list", token: admin.access)["data"]?.array?.count == 2)
        }
    }

    @Test func `an API key that may manage members may invite`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let made: JSON = ["name": "Key", "scopes": ["identity:write"]]
            let key = try #require(try await service.json("api_key.create", made, token: ada.access)["token"]?.string)
            let body = self.body("grace@example.com", .member)
            #expect(try await service.call("invitation.create", body, token: key, key: "one").status == 201)
            let mail = try #require(try await service.mails(to: "grace@example.com").first)
            #expect(mail.subject == "Firm of Ada invites you to Firm of Ada")
        }
    }

    @Test func `a member is not invited, and nobody twice`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let member = try await self.refusal(
                service,
                "invitation.create",
                self.body("ADA@example.com", .viewer),
                token: ada.access
            )
            #expect(member?.problems.map(\.code) == ["already_member"])
            _ = try await service.invite("grace@example.com", .member, by: ada)
            let twice = try await self.refusal(
                service,
                "invitation.create",
                self.body("grace@example.com", .admin),
                token: ada.access
            )
            #expect(twice?.code == .conflict && twice?.problems.map(\.pointer) == ["/email"])
            #expect(try await service.mails(to: "grace@example.com").count == 1)
        }
    }

    @Test func `who was added meanwhile does not join again`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (_, token) = try await service.invite("grace@example.com", .member, by: ada)
            _ = try await service.colleague("Grace", .viewer, of: ada)
            let body: JSON = ["token": .string(token), "password": .string(IdentityHarness.password)]
            #expect(try await service.fault("invitation.accept", body)?.code == .conflict)
        }
    }

    @Test func `a request that is repeated sends one mail`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let body = self.body("grace@example.com", .member)
            #expect(try await service.fault("invitation.create", body, token: ada.access)?.code == .invalidRequest)
            let first = try await service.call("invitation.create", body, token: ada.access, key: "one")
            let second = try await service.call("invitation.create", body, token: ada.access, key: "one")
            #expect(second.isReplayed && second.body == first.body)
            let id = try #require(try JSON(parsing: first.body)["id"]?.string)
            for _ in 0..<2 { _ = try await service.call("invitation.resend", id: id, token: ada.access, key: "two") }
            #expect(try await service.mails(to: "grace@example.com").count == 2)
        }
    }

    @Test func `mails to one address are counted, whoever sends them, and those that were not written are not`()
        async throws
    {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let (invitation, _) = try await service.invite("grace@example.com", .member, by: ada)
            let id = try #require(invitation["id"]?.string)
            let body = self.body("grace@example.com", .member)
            for number in 0..<10 {
                // Refused, rehearsed and repeated: none of them writes a mail.
                #expect(
                    try await self.refusal(service, "invitation.create", body, token: ada.access)?.code == .conflict
                )
                let rehearsed = try await service.call(
                    "invitation.create",
                    body,
                    token: eve.access,
                    key: "rehearsed \(number)",
                    isDryRun: true
                )
                #expect(rehearsed.status == 200)
                _ = try await service.call("invitation.resend", id: id, token: ada.access, key: "again")
            }
            _ = try await service.call("invitation.create", body, token: eve.access, key: "one")
            for number in 3..<Throttle.invitationsToAddressMax {
                _ = try await service.call("invitation.resend", id: id, token: ada.access, key: "more \(number)")
            }
            let fault = try await self.refusal(service, "invitation.resend", id: id, token: ada.access)
            #expect(fault?.code == .rateLimited && fault?.retryAfter == Int(Throttle.windowSeconds))
            #expect(try await service.mails(to: "grace@example.com").count == Int(Throttle.invitationsToAddressMax))
            service.clock.advance(bySeconds: Throttle.windowSeconds)
            let later = try await service.signIn()
            #expect(try await self.refusal(service, "invitation.resend", id: id, token: later.access) == nil)
        }
    }

    @Test func `another organization's invitation is as unknown as nobody's`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let (invitation, _) = try await service.invite("grace@example.com", .member, by: ada)
            let id = try #require(invitation["id"]?.string)
            let nobody = Identifier.random().description
            for operation in ["invitation.get", "invitation.resend", "invitation.revoke"] {
                let random = try await self.refusal(service, operation, id: nobody, token: eve.access)
                #expect(random?.code == .notFound)
                #expect(try await self.refusal(service, operation, id: id, token: eve.access) == random)
            }
            #expect(try await service.json("invitation.list", token: eve.access)["data"]?.array?.isEmpty == true)
            let tenant = try #require(Identifier(eve.organization))
            let seen = try await service.database.read(.organization(tenant), "SELECT count(*) AS n FROM invitation")
            #expect(try seen[0].int("n") == 0)
        }
    }

    @Test func `of a link only its digest is stored, and no event has it`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let (invitation, token) = try await service.invite("grace@example.com", .member, by: ada)
            #expect(invitation["token_sha256"] == nil && invitation["token"] == nil)
            for table: SQL in ["invitation", "mail_task", "outbox_event", "idempotency_key"] {
                let rows = try await service.database.read(.system, "SELECT t::text AS everything FROM " + table + " t")
                #expect(!rows.isEmpty)
                for row in rows { #expect(try !row.text("everything").contains(token.dropFirst(3))) }
            }
            let stored = try await service.database.read(.system, "SELECT token_sha256 FROM invitation")[0]
            #expect(try stored.binary("token_sha256") == Token(token)?.sha256)
        }
    }
}

extension IdentityHarness {
    /// Invites somebody; the invitation, and what stands behind the `#` of its link.
    func invite(_ email: String, _ role: Role, by firm: SignedInFirm) async throws -> (JSON, String) {
        let body: JSON = ["email": .string(email), "role": .string(role.rawValue)]
        let reply = try await self.call(
            "invitation.create",
            body,
            token: firm.access,
            key: Identifier.random().description
        )
        #expect(reply.status == 201)
        return (try JSON(parsing: reply.body), try await self.invitationToken(for: email))
    }

    func invitationToken(for email: String) async throws -> String {
        let mail = try #require(try await self.mails(to: email).first { $0.kind == "invitation" })
        return try mail.token
    }
}
