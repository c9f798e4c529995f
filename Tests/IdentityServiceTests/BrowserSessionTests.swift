internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

/// Sessions whose tokens a browser holds in cookies.
@Suite struct BrowserSessionTests {
    /// The tokens that an answer puts into cookies, and for how long. They stand nowhere else.
    private func cookies(_ reply: Reply) throws -> (access: String, refresh: String, seconds: Int64) {
        #expect(reply.status == 204 && reply.body.isEmpty)
        guard case .begun(let access, let refresh, let seconds, _) = reply.session else {
            throw Fault(.internalError, "no session came in cookies")
        }
        return (access, refresh, seconds)
    }

    private func signIn(_ service: IdentityHarness) async throws -> (access: String, refresh: String, seconds: Int64) {
        let body: JSON = ["email": "ada@example.com", "password": .string(IdentityHarness.password)]
        return try self.cookies(
            try await service.call("session.create", body, delivery: .cookies(refreshToken: nil))
        )
    }

    private func refresh(_ token: String?, _ service: IdentityHarness) async throws -> Reply {
        try await service.call("session.refresh", delivery: .cookies(refreshToken: token))
    }

    private func refusal(_ token: String?, _ service: IdentityHarness) async throws -> Fault? {
        do {
            _ = try await self.refresh(token, service)
            return nil
        } catch let fault as Fault {
            return fault
        }
    }

    @Test func `every way into a session leads into cookies where they are asked for`() async throws {
        try await IdentityHarness.run { service in
            let asked = SessionDelivery.cookies(refreshToken: nil)
            let firm: JSON = [
                "organization_name": "Firm of Ada", "name": "Ada", "email": "ada@example.com",
                "password": .string(IdentityHarness.password),
            ]
            let signedUp = try self.cookies(try await service.call("organization.sign_up", firm, delivery: asked))
            #expect(signedUp.seconds == 12 * 3_600)
            #expect(try await service.isLive(signedUp.access))
            let password: JSON = ["password": .string(IdentityHarness.password)]
            let proved = try self.cookies(
                try await service.call("session.authenticate", password, token: signedUp.access, delivery: asked)
            )
            #expect(try await !service.isLive(signedUp.access))
            let other = try await service.signUp()
            let there: JSON = ["organization_id": .string(other.organization)]
            service.clock.advance(bySeconds: 60)
            let moved = try self.cookies(
                try await service.call("session.switch", there, token: proved.access, delivery: asked)
            )
            #expect(moved.seconds == 12 * 3_600 - 60)
            #expect(
                try await service.json("me.get", token: moved.access)["organization"]?["id"]?.string
                    == other.organization
            )
            #expect(try await !service.isLive(proved.access))
        }
    }

    @Test func `a refresh rotates both cookies, gives a lost answer again, and ends a family that is used twice`()
        async throws
    {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let first = try await self.signIn(service)
            service.clock.advance(bySeconds: 600)
            #expect(try await !service.isLive(first.access))
            let second = try self.cookies(try await self.refresh(first.refresh, service))
            #expect(second.access != first.access && second.refresh != first.refresh)
            #expect(second.seconds == 12 * 3_600 - 600)
            service.clock.advance(bySeconds: 9)
            #expect(try self.cookies(try await self.refresh(first.refresh, service)).refresh == second.refresh)
            service.clock.advance(bySeconds: 2)
            #expect(try await self.refusal(first.refresh, service) == Refreshes.refusal)
            #expect(try await self.refusal(second.refresh, service) == Refreshes.refusal)
            #expect(try await self.refusal(nil, service) == Refreshes.refusal)
            #expect(try await !service.isLive(second.access))
        }
    }

    @Test func `it is over after two hours without a refresh, and after twelve with`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp()
            let idle = try await self.signIn(service)
            var used = try await self.signIn(service)
            for _ in 0..<11 {
                service.clock.advance(bySeconds: 3_600)
                used = try self.cookies(try await self.refresh(used.refresh, service))
            }
            #expect(used.seconds == 3_600)
            #expect(try await self.refusal(idle.refresh, service) == Refreshes.refusal)
            service.clock.advance(bySeconds: 3_600)
            #expect(try await self.refusal(used.refresh, service) == Refreshes.refusal)
        }
    }

    @Test func `a browser's tokens are of no use in a body, nor a program's in a cookie`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let browser = try await self.signIn(service)
            let inBody: JSON = ["refresh_token": .string(browser.refresh)]
            #expect(try await service.fault("session.refresh", inBody) == Refreshes.refusal)
            #expect(try await self.refusal(firm.refresh, service) == Refreshes.refusal)
            // Neither was spent by that.
            #expect(try await self.refresh(browser.refresh, service).status == 204)
            #expect(try await service.call("session.refresh", ["refresh_token": .string(firm.refresh)]).status == 200)
        }
    }

    @Test func `the end of one's own session says so, and that of another does not`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let other = try await service.signIn()
            #expect(try await service.call("session.end", id: other.session, token: ada.access).session == nil)
            #expect(try await service.call("session.end", id: ada.session, token: ada.access).session == .ended)
            let again = try await service.signIn()
            #expect(try await service.call("session.sign_out", token: again.access).session == .ended)
            let owner = try await service.signIn()
            let grace = try await service.colleague("Grace", .member, of: owner)
            let left = try await service.call("member.remove", id: grace.member, token: grace.access)
            #expect(left.session == .ended)
        }
    }

    /// Row S5: whatever others try, and from wherever, the browser that has been here before comes in.
    @Test func `a browser that shows its device has attempts of its own`() async throws {
        try await IdentityHarness.run { service in
            _ = try await service.signUp(at: "203.0.113.5")
            /// What signing in does to the browser with the device, from an address that thousands share.
            func device(_ token: String?, _ password: String = IdentityHarness.password) async throws -> String? {
                let body: JSON = ["email": "ada@example.com", "password": .string(password)]
                let delivery = SessionDelivery.cookies(refreshToken: nil, deviceToken: token)
                let reply = try await service.call("session.create", body, address: "192.0.2.1", delivery: delivery)
                guard case .begun(_, _, _, let device?) = reply.session else { return nil }
                return device
            }
            let own = try #require(try await device(nil))
            #expect(own.hasPrefix("dv_") && own.utf8.count == 46)
            #expect(try await device(own) == own)
            // What cannot be one of ours is no name, and another's device is none of this account's.
            #expect(try await device("dv_short")?.hasPrefix("dv_") == true)
            #expect(try await device("dv_short") != "dv_short")
            let strange = "dv_" + String(repeating: "A", count: 43)
            // Somebody else on the same line has the account's attempts used up.
            let start = service.parts.hasher.verificationsTotal
            for _ in 0..<20 {
                await #expect(throws: Throttle.refusal) { try await device(strange, "not the password") }
            }
            #expect(service.parts.hasher.verificationsTotal - start == Int(Throttle.accountAttemptsMax))
            await #expect(throws: Throttle.refusal) { try await device(nil) }
            await #expect(throws: Throttle.refusal) { try await device(strange) }
            #expect(try await device(own) == own)
            // Whoever has the browser guesses ten times in a window, and no more.
            let before = service.parts.hasher.verificationsTotal
            for _ in 0..<20 {
                await #expect(throws: Throttle.refusal) { try await device(own, "not the password") }
            }
            #expect(service.parts.hasher.verificationsTotal - before == Int(Throttle.deviceAttemptsMax))
            await #expect(throws: Throttle.refusal) { try await device(own) }
            service.clock.advance(bySeconds: Throttle.windowSeconds)
            #expect(try await device(own) == own)
        }
    }

    @Test func `a rehearsed switch gives nobody a cookie`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let there: JSON = ["organization_id": .string(firm.organization)]
            let rehearsed = try await service.call(
                "session.switch",
                there,
                token: firm.access,
                isDryRun: true,
                delivery: .cookies(refreshToken: nil)
            )
            #expect(rehearsed.status == 200 && rehearsed.session == nil)
        }
    }
}
