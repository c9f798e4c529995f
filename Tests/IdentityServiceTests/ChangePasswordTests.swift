internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct ChangePasswordTests {
    static let new = "a brand new battery staple"

    private func change(_ current: String = IdentityHarness.password, to password: String = Self.new) -> JSON {
        ["current_password": .string(current), "password": .string(password)]
    }

    @Test func `a new password ends every other session, in every organization`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            // Who names no organization comes to the one they have belonged to longest.
            service.clock.advance(bySeconds: 1)
            let added: JSON = ["name": "Ada", "email": "ada@example.com", "role": "member"]
            _ = try await service.json("member.add", added, token: eve.access)
            let other = try await service.signIn()
            let elsewhere = try await SignedInFirm(
                service.json(
                    "session.switch",
                    ["organization_id": .string(eve.organization)],
                    token: try await service.signIn().access
                )
            )
            #expect(try await service.isLive(elsewhere.access))
            service.clock.advance(bySeconds: 60)
            #expect(try await service.call("password.change", self.change(), token: ada.access).status == 204)
            // The one in which it was changed goes on, and may be refreshed.
            #expect(try await service.isLive(ada.access))
            for ended in [other, elsewhere] {
                #expect(try await !service.isLive(ended.access))
                let refresh: JSON = ["refresh_token": .string(ended.refresh)]
                #expect(try await service.fault("session.refresh", refresh) == Refreshes.refusal)
            }
            #expect(try await service.isLive(eve.access))
            #expect(try await service.fault("session.refresh", ["refresh_token": .string(ada.refresh)]) == nil)
            await #expect(throws: Throttle.refusal) { try await service.signIn() }
            _ = try await service.signIn("ada@example.com", Self.new)
            // Each of her organizations hears of it, and of its own sessions only.
            for organization in [ada.organization, eve.organization] {
                let events = try await service.events(of: organization).filter { $0.type != "session.started" }
                let changed = try #require(events.last { $0.type == "user.password_changed" })
                #expect(changed.payload["way"] == "changed" && changed.payload["data"]?["id"]?.string == ada.user)
                #expect(!String(decoding: changed.payload.bytes, as: UTF8.self).contains(Self.new))
                let ended = events.filter { $0.payload["data"]?["ended_because"] == "password_changed" }
                #expect(ended.count == 1)
            }
            #expect(try await service.mails(to: "ada@example.com").map(\.kind) == ["password_changed"])
        }
    }

    @Test func `the session in which it was changed may switch`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let added: JSON = ["name": "Ada", "email": "ada@example.com", "role": "member"]
            _ = try await service.json("member.add", added, token: eve.access)
            service.clock.advance(bySeconds: 60)
            _ = try await service.call("password.change", self.change(), token: ada.access)
            let switched: JSON = ["organization_id": .string(eve.organization)]
            #expect(try await service.call("session.switch", switched, token: ada.access).status == 201)
        }
    }

    /// A sign-in that was verified by the old password, and whose session begins after it was changed.
    @Test func `no session begins by a password that is no more`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let email = try EmailAddress("ada@example.com")
            let verified = try #require(try await service.parts.crossTenant.user(email))
            service.clock.advance(bySeconds: 1)
            _ = try await service.call("password.change", self.change(), token: ada.access)
            // It comes later than the change did, and has read the password that was in force.
            service.clock.advance(bySeconds: 1)
            let organization = try #require(Identifier(ada.organization))
            let (user, member) = (try #require(Identifier(ada.user)), try #require(Identifier(ada.member)))
            var context = CallContext(member: nil, requestID: Identifier.random(), now: service.clock.now)
            context.member = Caller(kind: .member, subject: user, organization: organization, role: .owner)
            let inside = context
            await #expect(throws: Throttle.refusal) {
                try await service.database.transaction(.organization(organization)) { transaction in
                    let row = try service.parts.members.lock(member, for: organization, in: transaction)
                    _ = try service.parts.sessions.begin(
                        for: row,
                        of: user,
                        by: .password(setAt: verified.passwordSetAt, .password),
                        inside,
                        in: transaction
                    )
                }
            }
        }
    }

    @Test func `the present password is asked for, and may not be guessed`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            for _ in 0..<5 {
                let fault = try await service.fault(
                    "password.change",
                    self.change("not her password"),
                    token: ada.access
                )
                #expect(
                    fault?.problems.map(\.pointer) == ["/current_password"] && fault?.problems.first?.code == "wrong"
                )
            }
            let start = service.parts.hasher.verificationsTotal
            // Not even the right one, while the account waits; and it looks like a wrong one.
            let throttled = try await service.fault("password.change", self.change(), token: ada.access)
            #expect(throttled?.problems.first?.code == "wrong")
            #expect(service.parts.hasher.verificationsTotal == start)
            #expect(try await service.isLive(ada.access))
            service.clock.advance(bySeconds: 15 * 60)
            #expect(
                try await service.fault("password.change", self.change(), token: try await service.signIn().access)
                    == nil
            )
        }
    }

    @Test(arguments: [
        ("short", "too_short"), ("passwordpassword", "too_common"), ("ada@example.com", "guessable"),
        (String(repeating: "x1", count: 80), "max_length"),
    ])
    func `a new password keeps the rules`(password: String, code: String) async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let fault = try await service.fault("password.change", self.change(to: password), token: ada.access)
            #expect(fault?.problems.map(\.pointer) == ["/password"])
            #expect(fault?.code == .validationFailed)
            _ = try await service.signIn()
        }
    }

    @Test func `an API key has no password, and nobody has none`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let key: JSON = ["name": "Key", "scopes": ["identity:write"]]
            let secret = try #require(try await service.json("api_key.create", key, token: ada.access)["token"]?.string)
            #expect(try await service.fault("password.change", self.change(), token: secret)?.code == .forbidden)
            #expect(try await service.fault("password.change", self.change())?.code == .unauthenticated)
        }
    }

    @Test func `two changes at once are one`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        let body = self.change(to: "a brand new staple \(number)")
                        return (try? await service.call("password.change", body, token: ada.access).status) == 204
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(outcomes == 1)
            #expect(try await service.mails(to: "ada@example.com").count == 1)
        }
    }
}
