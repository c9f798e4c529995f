internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

extension IdentityHarness {
    /// All records of a person's export, page by page.
    func export(_ token: String, limit: Int = 100) async throws -> [(kind: String, record: JSON)] {
        var records: [(kind: String, record: JSON)] = []
        var cursor: String?
        repeat {
            let page = try await self.exportPage(token, limit: limit, cursor)
            let data = try #require(page["data"]?.array)
            #expect(data.count <= limit)
            for each in data {
                records.append((try #require(each["kind"]?.string), try #require(each["record"])))
            }
            cursor = page["next_cursor"]?.string
        } while cursor != nil
        return records
    }

    func exportPage(_ token: String, limit: Int, _ cursor: String?) async throws -> JSON {
        let context = try await self.context(token)
        var parameters = [(name: "limit", value: String(limit))]
        if let cursor { parameters.append((name: "cursor", value: cursor)) }
        let reply = try await self.router.reply(
            to: "identity.personal_data.export/1",
            parameters: parameters,
            body: [],
            context: context
        )
        return try JSON(parsing: reply.body)
    }
}

@Suite struct PersonalExportTests {
    /// Longer than a proof is good.
    @Sendable private static func withLongSessions(_ options: inout IdentityOptions) { options.accessSeconds = 3_600 }

    @Test func `every column of this service's schema is a person's record, withheld or said to be about nobody`()
        async throws
    {
        try await IdentityHarness.run { service in
            let rows = try await service.parts.crossTenant.look(
                "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema()",
                []
            )
            let stored = Dictionary(grouping: try rows.map { (try $0.text("table_name"), try $0.text("column_name")) })
            {
                $0.0
            }
            let personal = Set(PersonalRecord.all.map(\.table))
            #expect(personal.isDisjoint(with: PersonalRecord.impersonal.keys))
            #expect(personal.union(PersonalRecord.impersonal.keys) == Set(stored.keys))
            for record in PersonalRecord.all {
                let columns = Set(stored[record.table, default: []].map(\.1))
                #expect(columns.isSuperset(of: record.withheld), "\(record.table)")
                // What looks like a secret is one.
                let secrets = columns.filter { column in
                    ["sha256", "sealed", "hash", "pepper"].contains { column.contains($0) }
                }
                #expect(secrets.isSubset(of: record.withheld), "\(record.table)")
            }
        }
    }

    @Test func `a person gets what is held about them in all of their organizations, and nothing of others`()
        async throws
    {
        try await IdentityHarness.run { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let add: JSON = ["name": "Countess", "email": "ada@example.com", "role": "member"]
            _ = try await service.call("member.add", add, token: eve.access, key: "once")
            _ = try await service.enableSecondFactor(of: ada)
            _ = try await service.json("api_key.create", ["name": "Sync", "scopes": ["crm:read"]], token: ada.access)
            _ = try await service.call("password_reset.request", ["email": "ada@example.com"])
            _ = try await service.parts.sendPasswordResets(at: service.clock.now)
            let records = try await service.export(ada.access)
            let kinds = Dictionary(grouping: records, by: \.kind).mapValues(\.count)
            #expect(kinds["user"] == 1 && kinds["membership"] == 2 && kinds["second_factor"] == 1)
            #expect(kinds["recovery_code"] == 10 && kinds["session"] == 1 && kinds["session_token"] == 2)
            #expect(kinds["sign_in"] == 1 && kinds["api_key"] == 1 && kinds["password_reset"] == 1)
            let user = try #require(records.first { $0.kind == "user" }?.record)
            #expect(user["email"] == "ada@example.com" && user["name"] == "Ada" && user["password_hash"] == nil)
            let names = records.filter { $0.kind == "membership" }.compactMap { $0.record["name"]?.string }
            #expect(names.sorted() == ["Ada", "Countess"])
            let text = "\(records)"
            #expect(!text.contains("eve@example.com") && !text.contains("Eve") && !text.contains("argon2"))
            // Page by page it is the same.
            let small = try await service.export(ada.access, limit: 1)
            // The second export is told of too: in each of the two organizations.
            #expect(
                small.filter { $0.kind != "security_event" }.map(\.record)
                    == records.filter { $0.kind != "security_event" }.map(\.record)
            )
            #expect(small.count == records.count + 2)
            let told = try await service.securityEvents(ada.access, own: true, [("type", "user.data_exported")])
            #expect(told.count == 2 && told.allSatisfy { $0["network"] == nil || $0["network"] == .null })
        }
    }

    @Test func `another's cursor opens nothing, and a key exports nobody`() async throws {
        try await IdentityHarness.run(change: Self.withLongSessions) { service in
            let ada = try await service.signUp()
            let eve = try await service.signUp("Eve", "eve@example.com")
            let page = try await service.exportPage(ada.access, limit: 1, nil)
            let cursor = try #require(page["next_cursor"]?.string)
            await #expect(throws: Fault.self) { try await service.exportPage(eve.access, limit: 1, cursor) }
            let made: JSON = ["name": "Key", "scopes": ["identity:read"]]
            let key = try #require(try await service.json("api_key.create", made, token: ada.access)["token"]?.string)
            #expect(try await service.fault("personal_data.export", token: key)?.code == .forbidden)
            service.clock.advance(bySeconds: StepUp.withinSecondsUsual + 1)
            #expect(try await service.fault("personal_data.export", token: ada.access)?.code == .forbidden)
        }
    }
}
