internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct ResetPasswordTests {
    private static let new = "a brand new battery staple"

    private func body(_ token: String, _ password: String = Self.new) -> JSON {
        ["token": .string(token), "password": .string(password)]
    }

    @Test func `a link sets a new password, once, and ends every session`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let token = try await service.resetToken()
            #expect(token.hasPrefix("pr_") && token.utf8.count == 46)
            service.clock.advance(bySeconds: 1)
            #expect(try await service.call("password_reset.complete", self.body(token)).status == 204)
            #expect(try await !service.isLive(ada.access))
            await #expect(throws: Throttle.refusal) { try await service.signIn() }
            _ = try await service.signIn("ada@example.com", Self.new)
            #expect(
                try await service.fault("password_reset.complete", self.body(token, "another battery staple"))
                    == PasswordResets.gone
            )
            let events = try await service.events(of: ada.organization)
            #expect(events.contains { $0.type == "user.password_changed" && $0.payload["way"] == "reset" })
            #expect(
                try await service.mails(to: "ada@example.com").map(\.kind) == ["password_changed", "password_reset"]
            )
        }
    }

    @Test func `of the link only its digest is stored, and the mail is sealed`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let token = try await service.resetToken()
            for table: SQL in ["password_reset", "mail_task", "outbox_event", "password_reset_request"] {
                let rows = try await service.database.read(.system, "SELECT t::text AS everything FROM " + table + " t")
                for row in rows {
                    let text = try row.text("everything")
                    #expect(!text.contains(token) && !text.contains(token.dropFirst(3)))
                }
            }
            let stored = try await service.database.read(.system, "SELECT token_sha256 FROM password_reset")[0]
            #expect(try stored.binary("token_sha256") == Token(token)?.sha256)
        }
    }

    /// The same statements, the same answer: what differs is done when nobody waits.
    @Test func `a known address is answered as an unknown one is`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            var counts: [Int64] = []
            for address in ["ada@example.com", "nobody@example.com"] {
                let reply = try await service.call("password_reset.request", ["email": .string(address)])
                #expect(reply.status == 204 && reply.body.isEmpty)
                let rows = try await service.database.read(
                    .system,
                    "SELECT (SELECT count(*) FROM password_reset_request) + (SELECT count(*) FROM password_reset) + (SELECT count(*) FROM mail_task) AS n"
                )
                counts.append(try rows[0].int("n"))
            }
            #expect(counts == [1, 2])
            #expect(try await service.parts.sendPasswordResets(at: service.clock.now) == 1)
            #expect(try await service.mails(to: "nobody@example.com").isEmpty)
            let rows = try await service.database.read(.system, "SELECT count(*) AS n FROM password_reset_request")
            #expect(try rows[0].int("n") == 0)
        }
    }

    @Test func `an address gets three mails in a quarter of an hour, and nobody hears that`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            for number in 0..<6 {
                let body: JSON = ["email": "ada@example.com"]
                let reply = try await service.call("password_reset.request", body, address: "192.0.2.\(number)")
                #expect(reply.status == 204)
                _ = try await service.parts.sendPasswordResets(at: service.clock.now)
            }
            #expect(try await service.mails(to: "ada@example.com").count == 3)
            // It does not keep her from signing in.
            _ = try await service.signIn()
            service.clock.advance(bySeconds: Throttle.windowSeconds)
            _ = try await service.resetToken()
        }
    }

    @Test func `one network address asks for so many mails and no more`() async throws {
        try await IdentityHarness.run { service in
            for number in 0..<30 {
                let body: JSON = ["email": .string("user\(number)@example.com")]
                #expect(try await service.call("password_reset.request", body).status == 204)
            }
            let rows = try await service.database.read(.system, "SELECT count(*) AS n FROM password_reset_request")
            #expect(try rows[0].int("n") == Throttle.mailsFromAddressMax)
        }
    }

    @Test(arguments: [
        "", "pr_", "pr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "st_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "x",
    ])
    func `what is no link sets nothing`(token: String) async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let fault = try await service.fault("password_reset.complete", self.body(token))
            #expect(fault == PasswordResets.gone || token.isEmpty && fault?.code == .validationFailed)
        }
    }

    @Test func `a link ends after half an hour`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let token = try await service.resetToken()
            service.clock.advance(bySeconds: PasswordReset.lifetimeSeconds)
            #expect(try await service.fault("password_reset.complete", self.body(token)) == PasswordResets.gone)
            _ = try await service.signIn()
            service.clock.advance(bySeconds: 2 * 86_400)
            _ = try await service.parts.sweep(at: service.clock.now)
            let rows = try await service.database.read(.system, "SELECT count(*) AS n FROM password_reset")
            #expect(try rows[0].int("n") == 0)
        }
    }

    @Test func `a refused password does not spend the link`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let token = try await service.resetToken()
            let fault = try await service.fault("password_reset.complete", self.body(token, "short"))
            #expect(fault?.problems.map(\.pointer) == ["/password"])
            #expect(try await service.fault("password_reset.complete", self.body(token)) == nil)
        }
    }

    @Test func `one link spends all of them, and so does a change`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let first = try await service.resetToken()
            let second = try await service.resetToken()
            #expect(first != second)
            #expect(try await service.fault("password_reset.complete", self.body(first)) == nil)
            #expect(try await service.fault("password_reset.complete", self.body(second)) == PasswordResets.gone)
            let third = try await service.resetToken()
            let ada = try await service.signIn("ada@example.com", Self.new)
            let change: JSON = ["current_password": .string(Self.new), "password": "yet another battery staple"]
            #expect(try await service.fault("password.change", change, token: ada.access) == nil)
            #expect(try await service.fault("password_reset.complete", self.body(third)) == PasswordResets.gone)
        }
    }

    @Test func `a link that many follow at once is followed by one`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let token = try await service.resetToken()
            let set = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<50 {
                    group.addTask {
                        let body = self.body(token, "a brand new staple \(number)")
                        return (try? await service.call("password_reset.complete", body).status) == 204
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(set == 1)
        }
    }

    @Test func `who has tried wrong passwords need not wait with the new one`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let wrong: JSON = ["email": "ada@example.com", "password": "not her password"]
            for _ in 0..<10 { _ = try await service.fault("session.create", wrong) }
            let token = try await service.resetToken()
            #expect(try await service.fault("password_reset.complete", self.body(token)) == nil)
            _ = try await service.signIn("ada@example.com", Self.new)
        }
    }

    @Test func `a colleague who was added without a password sets their first`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let added: JSON = ["name": "Grace <Hopper>", "email": "grace@example.com", "role": "member"]
            _ = try await service.json("member.add", added, token: ada.access)
            let token = try await service.resetToken(for: "grace@example.com")
            let mail = try #require(try await service.mails(to: "grace@example.com").first)
            #expect(mail.html.contains("Hello Grace &lt;Hopper&gt;,") && mail.text.contains("Hello Grace <Hopper>,"))
            #expect(mail.text.contains("http://127.0.0.1:8080/reset-password#pr_"))
            _ = try await service.call("password_reset.complete", self.body(token))
            _ = try await service.signIn("grace@example.com", Self.new)
        }
    }

    @Test func `a tenant's transaction sees nobody's resets`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.resetToken()
            _ = try await service.call("password_reset.request", ["email": "nobody@example.com"])
            let id = try #require(Identifier(ada.organization))
            for table: SQL in ["password_reset", "password_reset_request"] {
                let rows = try await service.database.read(.organization(id), "SELECT count(*) AS seen FROM " + table)
                #expect(try rows[0].int("seen") == 0)
            }
        }
    }
}
