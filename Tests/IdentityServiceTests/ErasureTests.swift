internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

@Suite struct ErasureTests {
    /// Long enough to be found where it should not be.
    private static let name = "Grizelda Canarywood"
    private static let email = "grizelda@canarywood.example"

    /// Somebody who has left traces wherever one can: in her own firm, which has another owner, and in another one.
    private func grizelda(
        _ service: IdentityHarness
    ) async throws -> (SignedInFirm, own: SignedInFirm, other: SignedInFirm) {
        let own = try await service.signUp()
        let other = try await service.signUp("Eve", "eve@example.com")
        let body: JSON = [
            "name": .string(Self.name), "email": .string(Self.email), "role": "admin",
            "password": .string(IdentityHarness.password),
        ]
        _ = try await service.call("member.add", body, token: own.access, key: "added")
        let invite: JSON = ["email": .string(Self.email), "role": "member"]
        _ = try await service.call("invitation.create", invite, token: other.access, key: "invited")
        let grizelda = try await service.signIn(Self.email, address: "203.0.113.77", userAgent: "Canary/1.0 (Grizelda)")
        let mail = try #require(try await service.mails(to: Self.email).first { $0.kind == "invitation" })
        _ = try await service.call("invitation.join", ["token": .string(try mail.token)], token: grizelda.access)
        _ = try await service.enableSecondFactor(of: grizelda)
        _ = try await service.json("api_key.create", ["name": "Sync", "scopes": ["crm:read"]], token: grizelda.access)
        let wrong: JSON = ["email": .string(Self.email), "password": "not the password at all"]
        _ = try await service.fault("session.create", wrong, address: "203.0.113.78")
        _ = try await service.parts.writeSignInFailures()
        _ = try await service.call("password_reset.request", ["email": .string(Self.email)])
        _ = try await service.parts.sendPasswordResets(at: service.clock.now)
        return (grizelda, own, other)
    }

    /// Where any of the words stand, as `table: row`; encrypted text is not looked into.
    private func finds(_ words: [String], _ service: IdentityHarness) async throws -> [String] {
        let tables = try await service.parts.crossTenant.look(
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()",
            []
        )
        var found: [String] = []
        for table in try tables.map({ try $0.text("table_name") }) {
            let rows = try await service.parts.crossTenant.look(
                "SELECT to_jsonb(held)::text AS text FROM " + SQL(identifier: table) + " AS held",
                []
            )
            for row in try rows.map({ try $0.text("text") }) {
                // Bodies of stored answers are bytes.
                let readable = (row + Self.decoded(row)).lowercased()
                if words.contains(where: { readable.contains($0.lowercased()) }) {
                    found.append("\(table): \(row)")
                }
            }
        }
        return found
    }

    private static func decoded(_ row: String) -> String {
        row.split(separator: "\"").filter { $0.hasPrefix("\\\\x") }.map { text in
            String(decoding: Hexadecimal.decode(String(text.dropFirst(3))) ?? [], as: UTF8.self)
        }.joined()
    }

    /// Longer than a proof is good.
    @Sendable private static func withLongSessions(_ options: inout IdentityOptions) { options.accessSeconds = 3_600 }

    @Test func `who was forgotten is found nowhere, has left, and the books go on without them`() async throws {
        try await IdentityHarness.run { service in
            let (grizelda, own, other) = try await self.grizelda(service)
            let words = [Self.name, Self.email, "203.0.113.7", "Canary/1.0"]
            #expect(!(try await self.finds(words, service)).isEmpty)
            let asked = try await service.call("erasure.schedule", token: grizelda.access)
            #expect(asked.status == 201)
            let answer = try JSON(parsing: asked.body)
            #expect(answer["status"] == "scheduled" && answer["refusals"] == [])
            #expect(try await service.fault("erasure.schedule", token: grizelda.access)?.code == .conflict)
            #expect(try await service.mails(to: Self.email).contains { $0.kind == "erasure" })
            // Nothing happens before its time.
            service.clock.advance(bySeconds: Erasure.waitSeconds - 1)
            #expect(try await service.parts.carryOutErasures(at: service.clock.now) == 0)
            service.clock.advance(bySeconds: 1)
            #expect(try await service.parts.carryOutErasures(at: service.clock.now) == 1)
            #expect(try await service.parts.carryOutErasures(at: service.clock.now) == 0)
            // Answers that colleagues got are kept for a while; the owner's, who had added her, is over by then.
            _ = try await IdempotencyKeys(service.database).deleteExpired(at: service.clock.now)
            #expect(try await self.finds(words, service) == [])
            #expect(try await !service.isLive(grizelda.access))
            let mails = try await service.mails(to: Self.email)
            #expect(mails.map(\.subject) == ["Your account was erased"])
            for firm in [own, other] {
                let again = try await service.signIn(firm.json["user"]?["email"]?.string ?? "")
                let members = try await service.json("member.list", token: again.access)["data"]?.array ?? []
                #expect(members.compactMap { $0["user_id"]?.string } == [again.user])
                let told = try await service.securityEvents(again.access, [("user_id", grizelda.user)])
                #expect(
                    told.contains { $0["type"] == "user.erased" } && told.contains { $0["type"] == "member.removed" }
                )
                #expect(told.allSatisfy { $0["user_name"] == "Erased person" })
                let events = try await service.events(of: firm.organization)
                #expect(
                    events.contains { $0.type == "user.erased" && $0.payload["data"]?["id"]?.string == grizelda.user }
                )
            }
            // Her address is free: whoever has it next is somebody else.
            let next = try await service.signUp("Other", Self.email)
            #expect(next.user != grizelda.user)
        }
    }

    @Test func `what is kept is written down with its reason`() async throws {
        try await IdentityHarness.run { service in
            let (grizelda, _, _) = try await self.grizelda(service)
            _ = try await service.call("erasure.schedule", token: grizelda.access)
            service.clock.advance(bySeconds: Erasure.waitSeconds)
            _ = try await service.parts.carryOutErasures(at: service.clock.now)
            let row = try #require(
                try await service.parts.crossTenant.look("SELECT status, kept FROM user_erasure", []).first
            )
            #expect(try row.text("status") == "done")
            let kept = try #require(try JSON(parsing: try row.bytes("kept")).array)
            let kinds = kept.compactMap { $0["kind"]?.string }
            #expect(
                Set(kinds) == ["session", "api_key", "invitation", "security_event", "erasure", "membership", "user"]
            )
            #expect(kept.allSatisfy { ($0["reason"]?.string ?? "").count > 20 })
            #expect(kept.first { $0["kind"] == "membership" }?["count"] == 2)
        }
    }

    @Test func `the only owner is refused, at once or when the time has come, and it is written down`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let refused = try await service.json("erasure.schedule", token: ada.access)
            #expect(refused["status"] == "refused" && refused["ended_at"]?.string != nil)
            #expect(refused["refusals"]?.array?.map { $0["organization_id"]?.string } == [ada.organization])
            #expect(try await service.json("erasure.get", token: ada.access) == refused)
            #expect(try await service.fault("erasure.withdraw", token: ada.access)?.code == .invalidTransition)
            // With another owner she may; but he goes before her time has come.
            let olive = try await service.colleague("Olive", .owner, of: ada)
            #expect(try await service.json("erasure.schedule", token: ada.access)["status"] == "scheduled")
            _ = try await service.call("member.remove", id: olive.member, token: ada.access)
            service.clock.advance(bySeconds: Erasure.waitSeconds)
            #expect(try await service.parts.carryOutErasures(at: service.clock.now) == 0)
            let again = try await service.signIn()
            let late = try await service.json("erasure.get", token: again.access)
            #expect(late["status"] == "refused" && late["refusals"]?.array?.count == 1)
            #expect(try await service.mails(to: "ada@example.com").first?.subject == "Your account could not be erased")
            let told = try await service.securityEvents(again.access, own: true, [("type", "user.erasure_refused")])
            #expect(told.count == 2)
        }
    }

    @Test func `it can be withdrawn, and asked for again`() async throws {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let alan = try await service.colleague("Alan", .member, of: ada)
            #expect(try await service.fault("erasure.get", token: alan.access)?.code == .notFound)
            #expect(try await service.fault("erasure.withdraw", token: alan.access)?.code == .notFound)
            _ = try await service.call("erasure.schedule", token: alan.access)
            #expect(try await service.json("erasure.withdraw", token: alan.access)["status"] == "withdrawn")
            #expect(try await service.fault("erasure.withdraw", token: alan.access)?.code == .invalidTransition)
            service.clock.advance(bySeconds: Erasure.waitSeconds)
            #expect(try await service.parts.carryOutErasures(at: service.clock.now) == 0)
            let again = try await service.signIn("alan@example.com")
            #expect(try await service.json("erasure.schedule", token: again.access)["status"] == "scheduled")
            service.clock.advance(bySeconds: Erasure.waitSeconds)
            #expect(try await service.parts.carryOutErasures(at: service.clock.now) == 1)
            let wrong: JSON = ["email": "alan@example.com", "password": .string(IdentityHarness.password)]
            #expect(try await service.fault("session.create", wrong) == Throttle.refusal)
        }
    }

    @Test func `it takes a person who has just proved who they are`() async throws {
        try await IdentityHarness.run(change: Self.withLongSessions) { service in
            let ada = try await service.signUp()
            let alan = try await service.colleague("Alan", .member, of: ada)
            let made: JSON = ["name": "Key", "scopes": ["identity:write"]]
            let key = try #require(try await service.json("api_key.create", made, token: ada.access)["token"]?.string)
            service.clock.advance(bySeconds: StepUp.withinSecondsUsual + 1)
            #expect(try await service.fault("erasure.schedule", token: alan.access)?.code == .forbidden)
            #expect(try await service.fault("erasure.schedule", token: key)?.code == .forbidden)
        }
    }
}
