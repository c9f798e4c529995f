internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct SandboxClockTests {
    private static let day: Int64 = 86_400

    private func advance(_ service: IdentityHarness, _ token: String, days: Int64) async throws -> JSON {
        try await service.json("sandbox_clock.advance", ["advance_seconds": .int(days * Self.day)], token: token)
    }

    private func key(_ service: IdentityHarness, _ token: String, _ more: JSONObject = [:]) async throws -> String {
        var body: JSONObject = ["name": "Test run", "scopes": ["identity:read", "identity:write"]]
        for member in more.members { body[member.key] = member.value }
        return try #require(try await service.json("api_key.create", .object(body), token: token)["token"]?.string)
    }

    @Test func `a sandbox's time goes on, and everybody else's does not`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp(isSandbox: true)
            let eve = try await service.signUp("Eve", "eve@example.com")
            let key = try await self.key(service, ada.access)
            let now = service.clock.now
            let clock = try await self.advance(service, key, days: 40)
            let then = now.advanced(bySeconds: 40 * Self.day)
            #expect(
                clock == ["now": .string(then.description), "ahead_seconds": .int(40 * Self.day), "is_sandbox": true]
            )
            #expect(try await service.json("sandbox_clock.get", token: key) == clock)
            let usual = try await service.json("sandbox_clock.get", token: eve.access)
            #expect(usual == ["now": .string(now.description), "ahead_seconds": 0, "is_sandbox": false])
            // What is done there is done then.
            let added: JSON = ["name": "Grace", "email": "grace@example.com", "role": "member"]
            let member = try JSON(parsing: try await service.call("member.add", added, token: key).body)
            #expect(member["created_at"]?.string == then.description)
            // It goes on by itself, and by further steps.
            service.clock.advance(bySeconds: 60)
            let later = try await self.advance(service, key, days: 1)
            #expect(later["now"]?.string == then.advanced(bySeconds: 60 + Self.day).description)
            let events = try await service.events(of: ada.organization).filter { $0.type == "organization.updated" }
            #expect(events.map { $0.payload["previous"]?["clock_ahead_seconds"] } == [0, .int(40 * Self.day)])
        }
    }

    @Test func `what has had its time is over: sessions, keys, links`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp(isSandbox: true)
            let end = service.clock.now.advanced(bySeconds: 30 * Self.day)
            let (lasting, ending) = (
                try await self.key(service, ada.access),
                try await self.key(service, ada.access, ["expires_at": .string(end.description)])
            )
            let invited: JSON = ["email": "grace@example.com", "role": "member"]
            let invitation = try JSON(
                parsing: try await service.call("invitation.create", invited, token: ada.access, key: "one").body
            )
            _ = try await self.advance(service, lasting, days: 2)
            #expect(try await !service.isLive(ada.access))
            #expect(try await service.isLive(ending))
            // Refreshed in its time it goes on.
            let refreshed = try await service.json("session.refresh", ["refresh_token": .string(ada.refresh)])
            let access = try #require(refreshed["session"]?["access_token"]?.string)
            #expect(try await service.isLive(access))
            #expect(try await service.parts.expireInvitations(at: service.clock.now) == 0)
            _ = try await self.advance(service, lasting, days: 40)
            #expect(try await !service.isLive(ending))
            #expect(try await service.isLive(lasting))
            let refresh = try #require(refreshed["session"]?["refresh_token"]?.string)
            let over = try await service.fault("session.refresh", ["refresh_token": .string(refresh)])
            #expect(over?.code == .unauthenticated)
            #expect(try await service.parts.expireInvitations(at: service.clock.now) == 1)
            let seen = try await service.json("invitation.get", id: invitation["id"]?.string, token: lasting)
            #expect(seen["status"] == "expired")
            // Whoever signs in there is there.
            let again = try await service.signIn()
            #expect(
                try await service.json("me.get", token: again.access)["organization"]?["clock_ahead_seconds"]
                    == .int(42 * Self.day)
            )
        }
    }

    @Test func `a person of two times proves themself in both`() async throws {
        try await IdentityHarness.run { service in
            let sandbox = try await service.signUp(isSandbox: true)
            let key = try await self.key(service, sandbox.access)
            _ = try await self.advance(service, key, days: 300)
            service.clock.advance(bySeconds: 1)
            let other = try await service.signUp("Eve", "eve@example.com")
            let add: JSON = ["name": "Ada", "email": "ada@example.com", "role": "member"]
            _ = try await service.call("member.add", add, token: other.access)
            let inside = try await service.signIn()
            #expect(inside.organization == sandbox.organization)
            service.clock.advance(bySeconds: 120)
            let body: JSON = ["organization_id": .string(other.organization)]
            let switched = try SignedInFirm(try await service.json("session.switch", body, token: inside.access))
            // Proved two minutes ago, by either clock.
            let provedAt = try await service.resolve(switched.access)["authenticated_at"]?.string
            #expect(provedAt == service.clock.now.advanced(bySeconds: -120).description)
            // Another password, from the sandbox, ends the session in the other place too.
            let back = try await service.signIn()
            let change: JSON = ["current_password": .string(IdentityHarness.password), "password": "another one, long"]
            _ = try await service.call("password.change", change, token: back.access)
            #expect(try await service.isLive(back.access))
            #expect(try await !service.isLive(switched.access))
            let elsewhere = try await service.events(of: other.organization).last { $0.type == "user.password_changed" }
            #expect(elsewhere != nil)
        }
    }

    @Test func `only a sandbox, only forwards, only so far, only by who manages it`() async throws {
        try await IdentityHarness.run { service in
            let eve = try await service.signUp("Eve", "eve@example.com")
            let step: JSON = ["advance_seconds": 1]
            let refused = try await service.fault("sandbox_clock.advance", step, token: eve.access)
            #expect(refused?.problems.map(\.code) == ["not_a_sandbox"])
            let ada = try await service.signUp(isSandbox: true)
            let key = try await self.key(service, ada.access)
            for seconds: Int64 in [0, -1, SandboxClockLimits.stepSecondsMax + 1] {
                let fault = try await service.fault(
                    "sandbox_clock.advance",
                    ["advance_seconds": .int(seconds)],
                    token: key
                )
                #expect(fault?.code == .validationFailed)
            }
            let grace = try await service.colleague("Grace", .member, of: ada)
            #expect(try await service.fault("sandbox_clock.advance", step, token: grace.access)?.code == .forbidden)
            for _ in 0..<10 { _ = try await self.advance(service, key, days: 366) }
            let tooFar = try await service.fault("sandbox_clock.advance", step, token: key)
            #expect(tooFar?.problems.map(\.code) == ["too_far_ahead"])
            // Gateways ask again about whoever belongs to it, by the machines' time.
            let revoked = try await service.parts.crossTenant.look(
                "SELECT count(*) AS n FROM credential_revocation WHERE organization_id = $1 AND revoked_at = $2",
                [.uuid(try #require(Identifier(ada.organization))), .instant(service.clock.now)]
            )
            #expect(try revoked[0].int("n") >= 10)
        }
    }
}
