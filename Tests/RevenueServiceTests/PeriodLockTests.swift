internal import Contracts
internal import Postgres
internal import RevenueService
internal import TestKit
internal import Testing
internal import Vocabulary

/// What is dated and what is closed at the same moment.
@Suite struct PeriodLockTests {
    private static let series: SQL = "SELECT id FROM number_series WHERE organization_id = $1 FOR UPDATE"

    private static func untilWaiting(_ count: Int64, in fixture: Fixture, or isOver: () -> Bool) async throws {
        try await eventually("\(count) connections wait") {
            try await fixture.service.connectionsWaiting() >= count || isOver()
        }
    }

    /// The number series' row is held by another transaction, so that a finalize stops after it has looked at the locks and before
    /// it commits. Whoever closes the books then must wait: else the invoice would be dated in a period that was closed before it.
    @Test func whoClosesTheBooksWaitsForWhoIsDatingADocument() async throws {
        try await Fixture.run(connections: 3) { fixture in
            _ = try await fixture.finalized(1_000)
            let draft = try await fixture.draft([Fixture.line(2_000)], ["issue_on": "2026-01-02"]).text("id")
            let (held, released, closed) = (Flag(), Flag(), Flag())
            let organization = fixture.service.organization
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await fixture.service.database.transaction(.organization(organization)) { transaction in
                        _ = try transaction.query(Self.series, [.uuid(organization)])
                        held.set()
                        try TestService.hold(transaction, until: released)
                    }
                }
                try await eventually("the series is held") { held.isSet }
                group.addTask { _ = try await fixture.move("finalize", draft) }
                try await Self.untilWaiting(1, in: fixture) { false }
                group.addTask {
                    _ = try await fixture.service.json(
                        "revenue.period_lock.create/1",
                        body: ["locked_through": "2026-06-30"]
                    )
                    closed.set()
                }
                try await Self.untilWaiting(2, in: fixture) { closed.isSet }
                #expect(!closed.isSet, "the books were closed under a document that was being dated")
                released.set()
                try await group.waitForAll()
            }
            let order = try await fixture.types().filter { ["invoice.finalized", "period_lock.created"].contains($0) }
            #expect(order == ["invoice.finalized", "invoice.finalized", "period_lock.created"])
        }
    }

    /// The other way round: who dates a document waits for a lock that is about to be committed, and is then refused.
    @Test func manyAtOnceNeverDateADocumentInAClosedPeriod() async throws {
        try await Fixture.run(connections: 4) { fixture in
            var drafts: [String] = []
            for _ in 0..<12 {
                drafts.append(
                    try await fixture.draft([Fixture.line(1_000)], ["issue_on": "2026-01-02"]).text("id")
                )
            }
            await withTaskGroup(of: Void.self) { group in
                for (index, draft) in drafts.enumerated() {
                    group.addTask { _ = try? await fixture.move("finalize", draft) }
                    guard index == 5 else { continue }
                    group.addTask {
                        _ = try? await fixture.service.json(
                            "revenue.period_lock.create/1",
                            body: ["locked_through": "2026-06-30"]
                        )
                    }
                }
            }
            let types = try await fixture.types().filter { ["invoice.finalized", "period_lock.created"].contains($0) }
            #expect(types.last == "period_lock.created")
            let refused = await fixture.service.refusal(
                "revenue.invoice.finalize/1",
                ["id": try await fixture.draft([Fixture.line(1_000)], ["issue_on": "2026-06-30"]).text("id")],
                body: [:],
                key: "after"
            )
            #expect(refused?.problems.map(\.code) == ["period_locked"])
        }
    }
}
