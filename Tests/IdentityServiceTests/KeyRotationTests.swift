internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct KeyRotationTests {
    private struct Key {
        let id: String
        let secret: String
    }

    private func make(_ service: IdentityHarness, _ firm: SignedInFirm, expiresIn: Int64? = nil) async throws -> Key {
        var body: JSONObject = ["name": "Sync", "scopes": ["crm:read"]]
        body["expires_at"] = expiresIn.map { .string(service.clock.now.advanced(bySeconds: $0).description) }
        let made = try await service.json("api_key.create", .object(body), token: firm.access)
        return Key(id: try #require(made["id"]?.string), secret: try #require(made["token"]?.string))
    }

    private func rotate(
        _ key: Key,
        overlap: Int64?,
        _ service: IdentityHarness,
        _ firm: SignedInFirm
    ) async throws -> (key: Key, answer: JSON) {
        let body: JSON = overlap.map { ["overlap_seconds": .int($0)] } ?? .object([:])
        let answer = try await service.json("api_key.rotate", body, id: key.id, token: firm.access)
        return (Key(id: key.id, secret: try #require(answer["token"]?.string)), answer)
    }

    @Test func `both secrets work until the overlap has ended, and then the new one`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let old = try await make(service, firm)
            let (new, answer) = try await rotate(old, overlap: 3_600, service, firm)
            let end = service.clock.now.advanced(bySeconds: 3_600)
            #expect(new.secret != old.secret && answer["id"]?.string == old.id)
            #expect(answer["prefix"]?.string == String(new.secret.prefix(11)))
            #expect(answer["former_prefix"]?.string == String(old.secret.prefix(11)))
            #expect(answer["former_until"]?.string == end.description)
            #expect(answer["rotated_at"]?.string == service.clock.now.description)
            // Both are the same caller; a gateway hears when it has to stop taking the one before.
            let (byOld, byNew) = (try await service.resolve(old.secret), try await service.resolve(new.secret))
            #expect(byOld["subject"] == byNew["subject"] && byOld["scopes"] == ["crm:read"])
            #expect(byOld["expires_at"]?.string == end.description && byNew["expires_at"] == .null)
            service.clock.advance(bySeconds: 3_599)
            #expect(try await service.isLive(old.secret))
            service.clock.advance(bySeconds: 1)
            #expect(try await !service.isLive(old.secret))
            #expect(try await service.isLive(new.secret))
        }
    }

    @Test func `the secret is shown once, and the rotation is told without it`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let old = try await make(service, firm)
            let (new, _) = try await rotate(old, overlap: nil, service, firm)
            let list = try await service.call("api_key.list", token: firm.access)
            let read = try #require(try JSON(parsing: list.body)["data"]?.array?.first)
            #expect(read["former_until"]?.string == service.clock.now.advanced(bySeconds: 86_400).description)
            let event = try #require(try await service.events(of: firm.organization).last)
            #expect(event.type == "api_key.rotated" && event.payload["previous"]?["prefix"] != nil)
            for secret in [old.secret, new.secret] {
                #expect(!String(decoding: list.body, as: UTF8.self).contains(secret))
                #expect(!"\(event.payload)".contains(secret))
            }
        }
    }

    @Test func `a key has two secrets at most, and none that outlives it`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let first = try await make(service, firm, expiresIn: 300)
            let (second, answer) = try await rotate(first, overlap: 3_600, service, firm)
            #expect(answer["former_until"] == answer["expires_at"])
            let (third, _) = try await rotate(second, overlap: 3_600, service, firm)
            #expect(try await !service.isLive(first.secret))
            #expect(try await service.isLive(second.secret))
            let (fourth, last) = try await rotate(third, overlap: 0, service, firm)
            #expect(try await !service.isLive(third.secret))
            #expect(last["former_until"] == .null && last["former_prefix"] == .null)
            service.clock.advance(bySeconds: 300)
            #expect(try await !service.isLive(fourth.secret))
            let expired = try await service.fault("api_key.rotate", .object([:]), id: first.id, token: firm.access)
            #expect(expired?.code == .conflict)
        }
    }

    @Test func `revoking ends both secrets, and a revoked key is not rotated`() async throws {
        try await IdentityHarness.run { service in
            let firm = try await service.signUp()
            let old = try await make(service, firm)
            let (new, _) = try await rotate(old, overlap: 3_600, service, firm)
            _ = try await service.json("api_key.revoke", id: old.id, token: firm.access)
            #expect(try await !service.isLive(old.secret))
            #expect(try await !service.isLive(new.secret))
            let refused = try await service.fault("api_key.rotate", .object([:]), id: old.id, token: firm.access)
            #expect(refused?.code == .invalidTransition)
        }
    }

    @Test func `a rotation is refused to those who make no keys, for another version and beyond a week`() async throws {
        try await IdentityHarness.run { service in
            let owner = try await service.signUp()
            let member = try await service.colleague("Alan", .member, of: owner)
            let eve = try await service.signUp("Eve", "eve@example.com")
            let key = try await make(service, owner)
            func refusal(_ body: JSON = .object([:]), token: String, ifMatch: Int64? = nil) async throws -> Fault.Code?
            {
                try await service.fault("api_key.rotate", body, id: key.id, token: token, ifMatch: ifMatch)?.code
            }
            #expect(try await refusal(token: member.access) == .forbidden)
            #expect(try await refusal(token: key.secret) == .forbidden)
            #expect(try await refusal(token: eve.access) == .notFound)
            #expect(try await refusal(token: owner.access, ifMatch: 7) == .stale)
            #expect(try await refusal(["overlap_seconds": 604_801], token: owner.access) == .validationFailed)
            #expect(try await refusal(["overlap_seconds": -1], token: owner.access) == .validationFailed)
            #expect(try await service.isLive(key.secret))
        }
    }
}
