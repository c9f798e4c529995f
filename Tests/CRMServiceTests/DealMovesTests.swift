import CRMService
import Contracts
import EventLog
import Postgres
import Resources
import TestKit
import Testing
import Vocabulary

@Suite struct DealMovesTests {
    @Test func createsAndAdvancesADeal() async throws {
        try await TestServer.shared.withDatabase(CRM.migrations) { database in
            let persistence = Persistence(database: database, log: EventLog(), cursorKey: [1, 2, 3])
            let router = crmRouter(persistence)
            let now = Instant(microseconds: 1_800_000_000_000_000)
            let caller = Caller(kind: .member, subject: Identifier.random(), organization: Identifier.random(), role: .member)
            let context = CallContext(member: caller, requestID: Identifier.random(), now: now)
            let created = try await router.reply(
                to: "crm.deal.create/1", parameters: [], body: Array(#"{"name":"Relaunch","amount_minor":120000}"#.utf8), context: context
            )
            #expect(created.status == 201)
            let json = try JSON(parsing: created.body)
            let id = try #require(json["id"]?.string)
            let advanced = try await router.reply(
                to: "crm.deal.advance/1", parameters: [(name: "id", value: id)], body: Array(#"{"stage":"qualified"}"#.utf8), context: context
            )
            let after = try JSON(parsing: advanced.body)
            #expect(after["stage"] == "qualified")
            #expect(after["probability"] == 20)
            #expect(advanced.etag == 2)
            let list = try await router.reply(to: "crm.deal.list/1", parameters: [(name: "stage", value: "qualified")], body: [], context: context)
            #expect(try JSON(parsing: list.body)["data"]?.array?.count == 1)
        }
    }
}
