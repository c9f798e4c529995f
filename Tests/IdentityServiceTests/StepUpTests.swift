internal import Contracts
internal import IdentityDomain
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct StepUpTests {
    private static let password: JSON = .string(IdentityHarness.password)
    private static let key: JSON = ["name": "k", "scopes": ["crm:read"]]

    /// A service whose access tokens outlast the proof.
    private static func lasting(_ body: @Sendable (IdentityHarness) async throws -> Void) async throws {
        try await IdentityHarness.run(change: { $0.accessSeconds = 3_600 }, body)
    }

    private func code(_ fault: Fault?) -> String? { fault?.problems.first?.code }

    /// The session's new tokens.
    private func again(_ service: IdentityHarness, _ token: String, code: String? = nil) async throws -> String {
        var body: JSONObject = ["password": Self.password]
        if let code { body["code"] = .string(code) }
        let answer = try await service.json("session.authenticate", .object(body), token: token)
        return try #require(answer["session"]?["access_token"]?.string)
    }

    /// Sensitive operations with a request that a recent sign-in lets through.
    @Test(
        arguments: [
            ("api_key.create", ["name": "k", "scopes": ["crm:read"]]),
            ("organization.transfer_ownership", ["member_id": "GRACE", "password": Self.password]),
            ("password.change", ["current_password": Self.password, "password": "a brand new battery staple"]),
            ("member.add", ["name": "Eve", "email": "eve@example.com", "role": "admin"]),
            (
                "member.batch",
                ["mode": "atomic", "rows": [["name": "Eve", "email": "eve@example.com", "role": "owner"]]]
            ),
            ("member.change_role", ["role": "admin"]),
            ("invitation.create", ["email": "eve@example.com", "role": "owner"]),
        ] as [(String, JSON)]
    )
    func `what is sensitive wants a recent proof`(operation: String, body: JSON) async throws {
        try await Self.lasting { service in
            let ada = try await service.signUp()
            let grace = try await service.colleague("Grace", .member, of: ada)
            var body = try #require(body.object)
            if body["member_id"] != nil { body["member_id"] = .string(grace.member) }
            let id = operation == "member.change_role" ? grace.member : nil
            service.clock.advance(bySeconds: StepUp.withinSecondsUsual + 1)
            func answer(_ token: String) async throws -> String? {
                do {
                    _ = try await service.call(operation, .object(body), id: id, token: token, key: "k")
                    return nil
                } catch let fault as Fault {
                    #expect(fault.code == .forbidden)
                    return self.code(fault)
                }
            }
            #expect(try await answer(ada.access) == "step_up_required")
            #expect(try await answer(try await self.again(service, ada.access)) == nil)
        }
    }

    @Test func `to give a role that rules over nobody wants none, and an API key gives no other`() async throws {
        try await Self.lasting { service in
            let ada = try await service.signUp()
            let made = try await service.json(
                "api_key.create",
                ["name": "k", "scopes": ["identity:write"]],
                token: ada.access
            )
            let key = try #require(made["token"]?.string)
            service.clock.advance(bySeconds: StepUp.withinSecondsUsual + 1)
            func add(_ name: String, _ role: Role, _ token: String) async throws -> String? {
                let body: JSON = [
                    "name": "X", "email": .string("\(name)@example.com"), "role": .string(role.rawValue),
                ]
                return self.code(try await service.fault("member.add", body, token: token))
            }
            #expect(try await add("a", .member, ada.access) == nil)
            #expect(try await add("b", .viewer, key) == nil)
            #expect(try await add("c", .admin, key) == "session_required")
        }
    }

    @Test func `it gives new tokens, and the ones before are good for nothing`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            service.clock.advance(bySeconds: 60)
            let answer = try await service.json(
                "session.authenticate",
                ["password": Self.password],
                token: ada.access
            )
            let access = try #require(answer["session"]?["access_token"]?.string)
            let refresh = try #require(answer["session"]?["refresh_token"]?.string)
            #expect(answer["session"]?["id"]?.string == ada.session)
            #expect(try await !service.isLive(ada.access))
            let old: JSON = ["refresh_token": .string(ada.refresh)]
            #expect(try await service.fault("session.refresh", old) == Refreshes.refusal)
            #expect(try await service.isLive(access))
            #expect(try await service.fault("session.refresh", ["refresh_token": .string(refresh)]) == nil)
            let session = try await service.json("session.current", token: access)
            #expect(session["authenticated_at"]?.string == service.clock.now.description && session["aal"] == 1)
            let told = try await service.events(of: ada.organization).filter { $0.type == "session.authenticated" }
            #expect(told.count == 1 && told[0].payload["data"]?["id"]?.string == ada.session)
        }
    }

    @Test func `a wrong password changes nothing, and is counted as a wrong sign-in is`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let start = service.parts.hasher.verificationsTotal
            for _ in 0..<8 {
                let fault = try await service.fault("session.authenticate", ["password": "wrong"], token: ada.access)
                #expect(fault?.problems.map(\.pointer) == ["/password"] && fault?.code == .validationFailed)
            }
            #expect(service.parts.hasher.verificationsTotal - start == Int(Throttle.accountAttemptsMax))
            #expect(try await service.isLive(ada.access))
        }
    }

    @Test func `an API key has nothing to prove`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let made = try await service.json("api_key.create", Self.key, token: ada.access)
            let key = try #require(made["token"]?.string)
            #expect(
                try await service.fault("session.authenticate", ["password": Self.password], token: key)?.code
                    == .forbidden
            )
        }
    }

    @Test func `who has a second factor proves that too`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let elsewhere = try await service.signIn()
            _ = try await service.call("second_factor.begin", ["password": Self.password], token: ada.access)
            let first = try await service.shownCode(of: ada)
            _ = try await service.call("second_factor.confirm", ["code": .string(first)], token: ada.access)
            // The code was given in this session, and in no other.
            #expect(try await service.json("session.current", token: ada.access)["aal"] == 2)
            #expect(try await service.fault("api_key.create", Self.key, token: ada.access) == nil)
            let refused = try await service.fault("api_key.create", Self.key, token: elsewhere.access)
            #expect(self.code(refused) == "step_up_required")
            let bare: JSON = ["password": Self.password]
            let asked = try await service.fault("session.authenticate", bare, token: elsewhere.access)
            #expect(asked?.code == .validationFailed && self.code(asked) == "second_factor_required")
            let wrong: JSON = ["password": Self.password, "code": "000000"]
            let guessed = try await service.fault("session.authenticate", wrong, token: elsewhere.access)
            #expect(self.code(guessed) == "wrong")
            service.clock.advance(bySeconds: 60)
            let code = try await service.shownCode(of: ada)
            let proved = try await self.again(service, elsewhere.access, code: code)
            #expect(try await service.fault("api_key.create", Self.key, token: proved) == nil)
            #expect(try await service.json("session.current", token: proved)["aal"] == 2)
        }
    }

    @Test func `a switch takes along what was proved, and its time`() async throws {
        try await Self.lasting { service in
            let first = try await service.signUp()
            let second = try await service.signUp()
            service.clock.advance(bySeconds: StepUp.withinSecondsUsual + 1)
            let body: JSON = ["organization_id": .string(first.organization)]
            let moved = try SignedInFirm(try await service.json("session.switch", body, token: second.access))
            let refused = try await service.fault("api_key.create", Self.key, token: moved.access)
            #expect(self.code(refused) == "step_up_required")
        }
    }
}
