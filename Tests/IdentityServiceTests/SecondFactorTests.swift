internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct SecondFactorTests {
    private static let password: JSON = .string(IdentityHarness.password)

    private func body(_ code: String?, email: String = "ada@example.com") -> JSON {
        var body: JSONObject = ["email": .string(email), "password": Self.password]
        if let code { body["code"] = .string(code) }
        return .object(body)
    }

    @Test func `from its confirmation on a sign-in needs a code, and each is good once`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.call("second_factor.begin", ["password": Self.password], token: ada.access)
            // Begun is not confirmed.
            #expect(try await service.fault("session.create", self.body(nil)) == nil)
            let codes = try await service.enableSecondFactor(of: ada)
            #expect(codes.count == 10 && Set(codes).count == 10 && codes.allSatisfy { $0.utf8.count == 18 })
            #expect(try await service.fault("session.create", self.body(nil)) == SecondFactors.required)
            // The code that confirmed it is spent.
            let spent = try await service.shownCode(of: ada)
            #expect(try await service.fault("session.create", self.body(spent)) == Throttle.refusal)
            service.clock.advance(bySeconds: 30)
            let next = try await service.shownCode(of: ada)
            #expect(try await service.fault("session.create", self.body(next)) == nil)
            #expect(try await service.fault("session.create", self.body(next)) == Throttle.refusal)
            let state = try await service.json("second_factor.get", token: ada.access)
            #expect(state["is_enabled"] == true && state["recovery_codes_left"] == 10)
            let types = try await service.events(of: ada.organization).map(\.type)
            #expect(types.count { $0 == "user.second_factor_enabled" } == 1)
            #expect(try await service.mails(to: "ada@example.com").map(\.kind) == ["second_factor"])
        }
    }

    @Test(arguments: [(-1, true), (0, true), (1, true), (-2, false), (2, false)] as [(Int64, Bool)])
    func `a clock may be half a minute off`(steps: Int64, isTaken: Bool) async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.enableSecondFactor(of: ada)
            service.clock.advance(bySeconds: 300)
            let code = try await service.shownCode(of: ada, steps: steps)
            #expect(try await service.fault("session.create", self.body(code)) == (isTaken ? nil : Throttle.refusal))
        }
    }

    @Test func `a code that many present at once lets one in`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.enableSecondFactor(of: ada)
            service.clock.advance(bySeconds: 60)
            let code = try await service.shownCode(of: ada)
            let entered = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        let reply = try? await service.call(
                            "session.create",
                            self.body(code),
                            address: "192.0.2.\(number)"
                        )
                        return reply?.status == 201
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(entered == 1)
        }
    }

    @Test func `codes are not guessed`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.enableSecondFactor(of: ada)
            service.clock.advance(bySeconds: 60)
            let start = service.parts.hasher.verificationsTotal
            for _ in 0..<20 {
                #expect(try await service.fault("session.create", self.body("000000")) == Throttle.refusal)
            }
            #expect(service.parts.hasher.verificationsTotal - start == 5)
        }
    }

    @Test func `a recovery code is good once`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let codes = try await service.enableSecondFactor(of: ada)
            #expect(try await service.fault("session.create", self.body(codes[3].lowercased())) == nil)
            #expect(try await service.fault("session.create", self.body(codes[3])) == Throttle.refusal)
            // Its number is part of it.
            let moved = "4-" + codes[5].dropFirst(2)
            #expect(try await service.fault("session.create", self.body(moved)) == Throttle.refusal)
            let signedIn = try SignedInFirm(try await service.json("session.create", self.body(codes[5])))
            #expect(try await service.json("second_factor.get", token: signedIn.access)["recovery_codes_left"] == 8)
        }
    }

    @Test func `every way in by a password asks for it`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            _ = try await service.enableSecondFactor(of: ada)
            service.clock.advance(bySeconds: 60)
            var signUp: JSONObject = [
                "organization_name": "Second", "name": "Ada", "email": "ada@example.com", "password": Self.password,
            ]
            #expect(try await service.fault("organization.sign_up", .object(signUp)) == SecondFactors.required)
            signUp["code"] = .string(try await service.shownCode(of: ada))
            #expect(try await service.fault("organization.sign_up", .object(signUp)) == nil)
            let eve = try await service.signUp("Eve", "eve@example.com")
            let (_, token) = try await service.invite("ada@example.com", .viewer, by: eve)
            var accept: JSONObject = ["token": .string(token), "password": Self.password]
            #expect(try await service.fault("invitation.accept", .object(accept)) == SecondFactors.required)
            service.clock.advance(bySeconds: 60)
            accept["code"] = .string(try await service.shownCode(of: ada))
            #expect(try await service.fault("invitation.accept", .object(accept)) == nil)
            // A link for a new password is one for a password only.
            let reset = try await service.resetToken()
            let new: JSON = ["token": .string(reset), "password": "a brand new battery staple"]
            #expect(try await service.fault("password_reset.complete", new) == nil)
            let body: JSON = ["email": "ada@example.com", "password": "a brand new battery staple"]
            #expect(try await service.fault("session.create", body) == SecondFactors.required)
        }
    }

    @Test func `it is switched on by the password and a code, and off by both`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let wrong: JSON = ["password": "not her password"]
            let refused = try await service.fault("second_factor.begin", wrong, token: ada.access)
            #expect(refused?.problems.map(\.pointer) == ["/password"])
            let early = try await service.fault("second_factor.confirm", ["code": "123456"], token: ada.access)
            #expect(early?.problems.map(\.code) == ["second_factor_off"])
            let codes = try await service.enableSecondFactor(of: ada)
            let again = try await service.fault("second_factor.begin", ["password": Self.password], token: ada.access)
            #expect(again?.problems.map(\.code) == ["second_factor_on"])
            let guessed: JSON = ["password": Self.password, "code": "000000"]
            let off = try await service.fault("second_factor.disable", guessed, token: ada.access)
            #expect(off?.problems.map(\.pointer) == ["/code"])
            let right: JSON = ["password": Self.password, "code": .string(codes[0])]
            #expect(try await service.fault("second_factor.disable", right, token: ada.access) == nil)
            _ = try await service.signIn()
            #expect(try await service.json("second_factor.get", token: ada.access)["is_enabled"] == false)
            #expect(
                try await service.events(of: ada.organization).contains { $0.type == "user.second_factor_disabled" }
            )
        }
    }

    @Test func `neither secrets nor codes are stored as they are`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let codes = try await service.enableSecondFactor(of: ada)
            let user = try #require(Identifier(ada.user))
            let secret = try #require(try await service.parts.secondFactors.of(user)).secret
            let secrets = codes.map { String($0.dropFirst(2)) } + [Base32.encode(secret), Hexadecimal.encode(secret)]
            for table: SQL in ["second_factor", "recovery_code", "outbox_event", "mail_task", "idempotency_key"] {
                let rows = try await service.database.read(.system, "SELECT t::text AS everything FROM " + table + " t")
                for row in rows {
                    let text = try row.text("everything")
                    #expect(!secrets.contains { text.contains($0) })
                }
            }
            let tenant = try #require(Identifier(ada.organization))
            for table: SQL in ["second_factor", "recovery_code"] {
                let seen = try await service.database.read(.organization(tenant), "SELECT count(*) AS n FROM " + table)
                #expect(try seen[0].int("n") == 0)
            }
        }
    }
}
