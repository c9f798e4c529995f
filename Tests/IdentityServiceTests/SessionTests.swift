internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct SessionTests {
    private func refresh(_ token: String) -> JSON { ["refresh_token": .string(token)] }

    private func pair(_ json: JSON) throws -> (access: String, refresh: String) {
        (
            try #require(json["session"]?["access_token"]?.string),
            try #require(json["session"]?["refresh_token"]?.string)
        )
    }

    @Test func `a refresh token gives a new pair, and the old access token runs out`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            service.clock.advance(bySeconds: 300)
            let second = try self.pair(try await service.json("session.refresh", self.refresh(firm.refresh)))
            #expect(second.access != firm.access && second.refresh != firm.refresh)
            #expect(try await service.isLive(firm.access))
            service.clock.advance(bySeconds: 301)
            #expect(try await !service.isLive(firm.access))
            #expect(try await service.isLive(second.access))
        }
    }

    @Test func `the predecessor gives the same successor for ten seconds`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let first = try await service.call("session.refresh", self.refresh(firm.refresh))
            service.clock.advance(bySeconds: 9)
            let again = try await service.call("session.refresh", self.refresh(firm.refresh))
            #expect(again.body == first.body)
        }
    }

    @Test func `parallel refreshes with one token get one pair`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let pairs = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for _ in 0..<20 {
                    group.addTask { try await service.call("session.refresh", self.refresh(firm.refresh)).body }
                }
                return try await group.reduce(into: Set<[UInt8]>()) { $0.insert($1) }
            }
            #expect(pairs.count == 1)
        }
    }

    @Test func `a second use later ends the family, and the log says so`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let second = try self.pair(try await service.json("session.refresh", self.refresh(firm.refresh)))
            service.clock.advance(bySeconds: 11)
            #expect(try await service.fault("session.refresh", self.refresh(firm.refresh))?.code == .unauthenticated)
            #expect(try await !service.isLive(second.access))
            #expect(try await !service.isLive(firm.access))
            #expect(try await service.fault("session.refresh", self.refresh(second.refresh))?.code == .unauthenticated)
            let events = try await service.events(of: firm.organization)
            #expect(events.last?.type == "session.refresh_reused")
            #expect(events.last?.payload["data"]?["ended_because"] == "refresh_reused")
        }
    }

    @Test func `a predecessor whose successor was used is a reuse at once`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let second = try self.pair(try await service.json("session.refresh", self.refresh(firm.refresh)))
            let third = try self.pair(try await service.json("session.refresh", self.refresh(second.refresh)))
            #expect(try await service.fault("session.refresh", self.refresh(firm.refresh)) == Refreshes.refusal)
            #expect(try await !service.isLive(third.access))
        }
    }

    @Test func `no refresh outlasts thirty days`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            var token = firm.refresh
            for _ in 0..<5 {
                service.clock.advance(bySeconds: 6 * 86_400 - 1)
                token = try self.pair(try await service.json("session.refresh", self.refresh(token))).refresh
            }
            service.clock.advance(bySeconds: 60)
            #expect(try await service.fault("session.refresh", self.refresh(token)) == Refreshes.refusal)
        }
    }

    @Test func `signing out ends the session at once`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            #expect(try await service.call("session.sign_out", token: firm.access).status == 204)
            #expect(try await !service.isLive(firm.access))
            #expect(try await service.fault("session.refresh", self.refresh(firm.refresh)) == Refreshes.refusal)
            #expect(try await service.events(of: firm.organization).last?.type == "session.ended")
        }
    }

    @Test func `a person sees and ends their own sessions and nobody else's`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            service.clock.advance(bySeconds: 1)
            let other = try await service.signIn(userAgent: "curl/8.5.0")
            let grace = try await service.colleague("Grace", .admin, of: ada)
            let listed = try await service.json("session.list", token: ada.access)["data"]?.array
            #expect(Set(listed?.compactMap { $0["id"]?.string } ?? []) == [ada.session, other.session])
            #expect(listed?.first?["remote_address"] == "192.0.2.1")
            #expect(listed?.first?["network"] == "192.0.2.0/24" && listed?.first?["device"] == "curl")
            #expect(listed?.map { $0["is_current"] == true } == [false, true])
            let current = try await service.json("session.current", token: ada.access)
            #expect(current["id"]?.string == ada.session && current["is_current"] == true)
            #expect(current["device"] == "Unknown program" && current["created_at"] == current["authenticated_at"])
            let random = try await service.fault(
                "session.end",
                id: Identifier.random().description,
                token: grace.access
            )
            #expect(try await service.fault("session.end", id: ada.session, token: grace.access) == random)
            #expect(random?.code == .notFound)
            #expect(try await service.call("session.end", id: other.session, token: ada.access).status == 204)
            #expect(try await !service.isLive(other.access))
            #expect(try await service.isLive(ada.access))
        }
    }

    @Test func `a switch gives a session elsewhere that lasts no longer`() async throws {
        try await IdentityHarness.run { service in
            let first = try await service.signUp()
            let second = try await service.signUp()
            service.clock.advance(bySeconds: 60)
            let body: JSON = ["organization_id": .string(first.organization)]
            let moved = try SignedInFirm(try await service.json("session.switch", body, token: second.access))
            #expect(moved.organization == first.organization)
            #expect(try await !service.isLive(second.access))
            #expect(try await service.isLive(moved.access))
            let session = try await service.json("session.current", token: moved.access)
            #expect(session["authenticated_at"] == first.json["member"]?["created_at"])
            let stranger = try await service.signUp("Eve", "eve@example.com")
            let there: JSON = ["organization_id": .string(stranger.organization)]
            let nowhere: JSON = ["organization_id": .string(Identifier.random().description)]
            let refused = try await service.fault("session.switch", there, token: moved.access)
            #expect(refused?.code == .notFound)
            #expect(try await service.fault("session.switch", nowhere, token: moved.access) == refused)
        }
    }

    @Test func `who signs in again and again loses the session that was refreshed longest ago`() async throws {
        try await IdentityHarness.run { service in
            let first = try await service.signUp()
            let second = try await service.signIn()
            service.clock.advance(bySeconds: 1)
            _ = try await service.json("session.refresh", ["refresh_token": .string(first.refresh)])
            for _ in 2..<Sessions.liveMax { _ = try await service.signIn() }
            #expect(try await service.isLive(second.access))
            _ = try await service.signIn()
            #expect(try await !service.isLive(second.access))
            let organization = try #require(Identifier(first.organization))
            let live = try await service.database.read(
                .organization(organization),
                "SELECT count(*) FILTER (WHERE ended_at IS NULL) AS live, min(ended_because) AS because FROM session"
            )[0]
            #expect(try live.int("live") == Sessions.liveMax)
            #expect(try live.text("because") == "displaced")
            #expect(try await service.events(of: first.organization).filter { $0.type == "session.ended" }.count == 1)
        }
    }
}
