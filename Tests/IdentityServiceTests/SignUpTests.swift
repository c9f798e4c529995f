internal import Contracts
internal import Testing
internal import Vocabulary

@Suite struct SignUpTests {
    @Test func `a firm signs up with its owner, and the story is in the log`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            #expect(firm.json["organization"]?["currency"] == "EUR")
            #expect(firm.json["member"]?["role"] == "owner")
            #expect(firm.json["session"]?["token_type"] == "Bearer")
            #expect(firm.access.hasPrefix("st_") && firm.refresh.hasPrefix("rt_"))
            let events = try await service.events(of: firm.organization)
            #expect(
                events.map(\.type) == ["organization.created", "user.registered", "member.added", "session.started"]
            )
            let text = events.map { "\($0.payload)" }.joined()
            for secret in [firm.access, firm.refresh, IdentityHarness.password, "argon2", "192.0.2.1"] {
                #expect(!text.contains(secret))
            }
        }
    }

    @Test func `who knows the password makes another organization, who does not reads what a wrong sign-in reads`()
        async throws
    {
        try await IdentityHarness.run { service in
            let first = try await service.signUp()
            let second = try await service.signUp()
            #expect(second.user == first.user && second.organization != first.organization)
            #expect(
                try await service.events(of: second.organization).map(\.type) == [
                    "organization.created", "member.added", "session.started",
                ]
            )
            let wrong: JSON = [
                "organization_name": "Other", "name": "Eve", "email": "ada@example.com",
                "password": "quite another password",
            ]
            let unknown: JSON = ["email": "nobody@example.com", "password": "quite another password"]
            let refused = try await service.fault("organization.sign_up", wrong)
            #expect(refused?.code == .unauthenticated)
            #expect(try await service.fault("session.create", unknown) == refused)
        }
    }

    @Test(arguments: [
        ("short", "too_short"), ("welcome-2026!", "too_common"), ("aaaaaaaaaaaaaaaa", "too_common"),
        ("Ada Lovelace King", "guessable"), ("passwordpassword", "too_common"),
    ])
    func `a bad password is refused`(password: String, code: String) async throws {
        try await IdentityHarness.run { service in
            let body: JSON = [
                "organization_name": "Firm", "name": "ada lovelace king", "email": "ada@example.com",
                "password": .string(password),
            ]
            let fault = try await service.fault("organization.sign_up", body)
            #expect(fault?.code == .validationFailed)
            #expect(fault?.problems.first?.code == code)
        }
    }

    @Test func `an address has one spelling`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp("Ada", "Ada@Example.COM")
            _ = try await service.signIn("ADA@example.com")
        }
    }

    @Test func `me says who and where, and all organizations of the person`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let firm = try await service.signUp()
            let me = try await service.json("me.get", token: firm.access)
            #expect(me["user"]?["email"] == "ada@example.com")
            #expect(me["organization"]?["id"]?.string == firm.organization)
            #expect(me["role"] == "owner")
            #expect(me["scopes"] == .null)
            #expect(me["organizations"]?.array?.count == 2)
        }
    }

    @Test func `an organization is changed by who has seen its latest version`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let body: JSON = ["time_zone": "America/New_York"]
            #expect(
                try await service.fault("organization.change", body, token: firm.access)?.code == .preconditionRequired
            )
            let changed = try await service.json("organization.change", body, token: firm.access, ifMatch: 1)
            #expect(changed["time_zone"] == "America/New_York" && changed["version"] == 2)
            #expect(
                try await service.fault("organization.change", body, token: firm.access, ifMatch: 1)?.code == .stale
            )
            #expect(try await service.resolve(firm.access)["time_zone"] == "America/New_York")
            let event = try await service.events(of: firm.organization).last
            #expect(event?.type == "organization.updated")
            #expect(event?.payload["previous"]?["time_zone"] == "Europe/Berlin")
            let own = try await service.json("organization.get", token: firm.access)
            #expect(own == changed)
        }
    }
}
