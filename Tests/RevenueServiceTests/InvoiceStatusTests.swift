internal import Contracts
internal import Postgres
internal import RevenueDomain
internal import TestKit
internal import Testing
internal import Vocabulary

/// An invoice's status is told twice: by the domain, which refuses moves by it, and by the table's generated columns, which lists
/// filter by. Here the two are held against each other over every kind of row that the table takes.
@Suite struct InvoiceStatusTests {
    private struct Case {
        let facts: InvoiceFacts
        let overdueSince: LocalDate?
    }

    private static let amounts: [(total: Int64, paid: Int64, credited: Int64)] = [
        (0, 0, 0), (1_000, 0, 0), (1_000, 400, 0), (1_000, 0, 400), (1_000, 400, 200), (1_000, 1_000, 0),
        (1_000, 0, 1_000), (1_000, 600, 400), (.max, .max - 1, 0), (.max, .max - 1, 1),
    ]

    /// Every combination of what an invoice can have gone through, with the mark that the sweep leaves by `today`.
    private static func cases(today: LocalDate, now: Instant) -> [Case] {
        var cases: [Case] = []
        let dues: [LocalDate?] = [nil, today.adding(days: -1), today, today.adding(days: 1)]
        for steps in 0..<16 {
            let (isFinalized, isSent, isViewed, isVoided) = (steps & 1 > 0, steps & 2 > 0, steps & 4 > 0, steps & 8 > 0)
            for due in dues {
                guard isFinalized ? due != nil : !isSent else { continue }
                for amount in Self.amounts {
                    let facts = InvoiceFacts(
                        finalizedAt: isFinalized ? now : nil,
                        sentAt: isSent ? now : nil,
                        firstViewedAt: isViewed ? now : nil,
                        voidedAt: isVoided ? now : nil,
                        dueOn: due,
                        totalMinor: amount.total,
                        paidMinor: amount.paid,
                        creditedMinor: amount.credited
                    )
                    // The sweep marks what is overdue, and the mark stays when that is paid or voided later.
                    let isMarked = facts.finalizedAt != nil && due.map { $0 < today } == true
                    cases.append(Case(facts: facts, overdueSince: isMarked ? due?.adding(days: 1) : nil))
                    if isMarked, !facts.isOverdue(on: today) { cases.append(Case(facts: facts, overdueSince: nil)) }
                }
            }
        }
        return cases
    }

    private static let insert: SQL = """
        INSERT INTO invoice (organization_id, id, number, client_company_id, currency, issue_on, due_on, payment_terms_days,
            subtotal_minor, discount_minor, net_minor, tax_minor, total_minor, paid_minor, credited_minor, finalized_at, sent_at,
            first_viewed_at, voided_at, overdue_since, correlation_id, created_at, updated_at)
        VALUES ($1, $2, $3, $4, 'USD', $5, $6, 14, $7, 0, $7, 0, $7, $8, $9, $10, $11, $12, $13, $14, $2, $15, $15)
        """

    @Test func theDomainAndTheTableTellTheSame() async throws {
        try await Fixture.run { fixture in
            let now = fixture.service.clock.now
            let today = Zone.utc.date(at: now)
            let cases = Self.cases(today: today, now: now)
            let organization = fixture.service.organization
            let ids = cases.map { _ in Identifier.random() }
            try await fixture.service.database.transaction(.organization(organization)) { transaction in
                for (index, item) in cases.enumerated() {
                    let facts = item.facts
                    let instant: (Instant?) -> SQLValue = { $0.map(SQLValue.instant) ?? .null }
                    let date: (LocalDate?) -> SQLValue = { $0.map(SQLValue.date) ?? .null }
                    let isFinalized = facts.finalizedAt != nil
                    try transaction.queue(
                        Self.insert,
                        [
                            .uuid(organization), .uuid(ids[index]), isFinalized ? .text("T-\(index)") : .null,
                            .uuid(fixture.client), isFinalized ? .date(today.adding(days: -30)) : .null,
                            date(facts.dueOn), .int(facts.totalMinor), .int(facts.paidMinor),
                            .int(facts.creditedMinor), instant(facts.finalizedAt), instant(facts.sentAt),
                            instant(facts.firstViewedAt), instant(facts.voidedAt), date(item.overdueSince),
                            .instant(now),
                        ]
                    )
                }
            }
            let rows = try await fixture.service.rows(
                "SELECT id, balance_minor, payment_state, is_overdue, status FROM invoice WHERE organization_id = $1",
                [.uuid(organization)]
            )
            var stored: [Identifier: String] = [:]
            for row in rows {
                stored[try row.uuid("id")] =
                    "\(try row.int("balance_minor")) \(try row.text("payment_state")) \(try row.bool("is_overdue")) \(try row.text("status"))"
            }
            #expect(stored.count == cases.count)
            var seen: Set<InvoiceStatus> = []
            for (id, item) in zip(ids, cases) {
                let facts = item.facts
                let status = facts.status(on: today)
                let told =
                    "\(facts.balanceMinor) \(facts.paymentState.rawValue) \(facts.isOverdue(on: today)) \(status.rawValue)"
                #expect(stored[id] == told, "\(item)")
                seen.insert(status)
            }
            #expect(seen == Set(InvoiceStatus.allCases))
        }
    }
}
