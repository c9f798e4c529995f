internal import RevenueDomain
internal import Testing
internal import Vocabulary

private let deadbeef = Identifier(high: 0xdead_beef, low: 1)
private let now = Instant(microseconds: 7)

private func date(_ text: String) throws -> LocalDate { try #require(LocalDate(text)) }

@Suite struct InvoiceTests {
    let issueOn: LocalDate
    let dueOn: LocalDate
    let dayAfter: LocalDate

    init() throws {
        self.issueOn = try date("2026-01-01")
        self.dueOn = try date("2026-01-31")
        self.dayAfter = try date("2026-02-01")
    }

    private func totals(_ amount: Int64) throws -> BillingTotals {
        try BillingDocument(lines: [.init(quantity: .one, unitPriceMinor: amount)]).totals()
    }

    /// An invoice of 1,000 in the given status as of `today`.
    private func invoice(in status: InvoiceStatus) throws -> (invoice: Invoice, today: LocalDate) {
        var invoice = Invoice(id: deadbeef)
        if status == .draft { return (invoice, self.issueOn) }
        let totals = try self.totals(1_000)
        _ = try invoice.finalize(totals, issueOn: self.issueOn, dueOn: self.dueOn, lockedThrough: nil, at: now)
        _ = try invoice.number("INV-1")
        _ = try invoice.send(at: now, today: self.issueOn)
        switch status {
        case .draft, .sent: break
        case .viewed: _ = try invoice.view(at: now, today: self.issueOn)
        case .paid: _ = try invoice.pay(1_000)
        case .overdue: return (invoice, self.dayAfter)
        case .cancelled: _ = try invoice.void(because: "wrong", lockedThrough: nil, at: now, today: self.issueOn)
        }
        return (invoice, self.issueOn)
    }

    static let pairs = InvoiceStatus.allCases.flatMap { from in InvoiceStatus.allCases.map { (from, $0) } }

    /// The status is derived, so each pair is walked by the verbs, the payments and the days that there are.
    @Test(arguments: pairs)
    func everyPairIsReachedOrRefused(from: InvoiceStatus, to: InvoiceStatus) throws {
        var (invoice, today) = try self.invoice(in: from)
        #expect(invoice.facts.status(on: today) == from)
        do {
            switch to {
            case .draft: try invoice.requireDraft()
            case .sent where from == .draft:
                let totals = try self.totals(1_000)
                _ = try invoice.finalize(totals, issueOn: self.issueOn, dueOn: self.dueOn, lockedThrough: nil, at: now)
                _ = try invoice.send(at: now, today: today)
            case .sent where from == .paid: _ = try invoice.reversePayment(1_000)
            case .sent where from == .overdue: today = self.dueOn
            case .sent: _ = try invoice.send(at: now, today: today)
            case .viewed where from == .overdue:
                _ = try invoice.view(at: now, today: today)
                today = self.dueOn
            case .viewed where from == .paid:
                _ = try invoice.view(at: now, today: today)
                _ = try invoice.reversePayment(1_000)
            case .viewed: _ = try invoice.view(at: now, today: today)
            case .paid where from == .draft:
                let totals = try self.totals(0)
                _ = try invoice.finalize(totals, issueOn: self.issueOn, dueOn: self.dueOn, lockedThrough: nil, at: now)
            case .paid: _ = try invoice.pay(invoice.facts.balanceMinor)
            case .overdue where from == .paid:
                _ = try invoice.reversePayment(1_000)
                today = self.dayAfter
            case .overdue: today = self.dayAfter
            case .cancelled where from == .paid:
                _ = try invoice.reversePayment(1_000)
                _ = try invoice.void(because: "wrong", lockedThrough: nil, at: now, today: today)
            case .cancelled: _ = try invoice.void(because: "wrong", lockedThrough: nil, at: now, today: today)
            }
        } catch {
            #expect(!from.successors.contains(to), "\(error)")
            return
        }
        let reached = invoice.facts.status(on: today)
        #expect((reached == to) == (from.successors.contains(to) || from == to))
    }

    /// Every verb on an invoice of every status: what a refusal calls allowed is allowed, and nothing else is.
    @Test(arguments: InvoiceStatus.allCases)
    func aRefusalNamesTheMovesThereAre(status: InvoiceStatus) throws {
        let (known, today) = try self.invoice(in: status)
        let totals = try self.totals(1_000)
        let verbs: [(InvoiceStatus, (inout Invoice) throws -> InvoiceEvent)] = [
            (
                .sent,
                {
                    try known.facts.isDraft
                        ? $0.finalize(totals, issueOn: today, dueOn: self.dueOn, lockedThrough: nil, at: now)
                        : $0.send(at: now, today: today)
                }
            ),
            (.viewed, { try $0.view(at: now, today: today) }),
            (.cancelled, { try $0.void(because: "wrong", lockedThrough: nil, at: now, today: today) }),
            (.paid, { try $0.pay(max(1, known.facts.balanceMinor)) }),
        ]
        var possible: Set<InvoiceStatus> = []
        for (target, verb) in verbs {
            var invoice = known
            do {
                _ = try verb(&invoice)
                possible.insert(target)
            } catch let rejection as Rejection {
                guard case .invalidTransition(let from, let to, let allowed) = rejection.kind else { continue }
                #expect(from == status.rawValue && to == target.rawValue)
                #expect(allowed == known.moves.map(\.rawValue))
            }
        }
        #expect(Set(known.moves) == possible)
        var again = known
        guard status != .draft else { return }
        let rejection = #expect(throws: Rejection.self) {
            try again.finalize(totals, issueOn: today, dueOn: self.dueOn, lockedThrough: nil, at: now)
        }
        #expect(
            rejection?.kind
                == .invalidTransition(from: status.rawValue, to: "sent", allowed: known.moves.map(\.rawValue))
        )
    }

    @Test func aDraftHasNoNumberAndTakesOne() throws {
        var invoice = Invoice(id: deadbeef)
        #expect(throws: Rejection.self) { try invoice.number("INV-1") }
        let totals = try self.totals(1)
        _ = try invoice.finalize(totals, issueOn: self.issueOn, dueOn: self.dueOn, lockedThrough: nil, at: now)
        #expect(try invoice.number("INV-1") == .numbered("INV-1"))
        #expect(throws: Rejection.self) { try invoice.number("INV-2") }
        #expect(throws: Rejection.self) { try invoice.requireDraft() }
        #expect(invoice.facts.status(on: self.issueOn) == .sent && invoice.facts.sentAt == nil)
        #expect(throws: Rejection.self) { try invoice.view(at: now, today: self.issueOn) }
    }

    @Test func finalizingChecksLinesDatesAndTheLock() throws {
        let empty = try BillingDocument(lines: []).totals()
        let totals = try self.totals(1)
        let lock = Rejection.invalid("/issue_on", code: "period_locked", "The books are closed through 2026-01-01.")
        var invoice = Invoice(id: deadbeef)
        #expect(throws: Rejection.self) {
            try invoice.finalize(empty, issueOn: self.issueOn, dueOn: self.dueOn, lockedThrough: nil, at: now)
        }
        #expect(throws: Rejection.self) {
            try invoice.finalize(totals, issueOn: self.dueOn, dueOn: self.issueOn, lockedThrough: nil, at: now)
        }
        #expect(throws: lock) {
            try invoice.finalize(totals, issueOn: self.issueOn, dueOn: self.dueOn, lockedThrough: self.issueOn, at: now)
        }
        #expect(invoice == Invoice(id: deadbeef))
    }

    @Test func aPartlyPaidOverdueInvoiceIsUnambiguous() throws {
        var (invoice, _) = try self.invoice(in: .viewed)
        #expect(try invoice.pay(400) == .paid(amountMinor: 400, balanceMinor: 600))
        #expect(invoice.facts.paymentState == .partial)
        #expect(!invoice.facts.isOverdue(on: self.dueOn) && invoice.facts.isOverdue(on: self.dayAfter))
        #expect(invoice.facts.status(on: self.dueOn) == .viewed && invoice.facts.status(on: self.dayAfter) == .overdue)
        #expect(throws: Rejection.self) { try invoice.pay(601) }
        #expect(throws: Rejection.self) { try invoice.pay(0) }
        #expect(throws: Rejection.self) { try invoice.reversePayment(401) }
        _ = try invoice.pay(600)
        #expect(invoice.facts.paymentState == .paid && !invoice.facts.isOverdue(on: self.dayAfter))
    }

    @Test func whatWasSettledIsNotVoided() throws {
        for credited in [0, 1] as [Int64] {
            let (sent, today) = try self.invoice(in: .sent)
            var facts = sent.facts
            facts.creditedMinor = credited
            var invoice = Invoice(id: deadbeef, facts: facts, number: sent.number, issueOn: sent.issueOn)
            if credited == 0 { _ = try invoice.pay(1) }
            let rejection = #expect(throws: Rejection.self) {
                try invoice.void(because: "wrong", lockedThrough: nil, at: now, today: today)
            }
            #expect(rejection?.kind == .conflict(code: "invoice_settled"))
        }
        var (invoice, today) = try self.invoice(in: .sent)
        #expect(throws: Rejection.self) { try invoice.void(because: " ", lockedThrough: nil, at: now, today: today) }
        _ = try invoice.void(because: "wrong", lockedThrough: nil, at: now, today: today)
        #expect(invoice.number == "INV-1" && invoice.facts.balanceMinor == 0)
        #expect(throws: Rejection.self) { try invoice.pay(1) }
    }

    @Test func creditedToNothingIsNotPaid() throws {
        let (invoice, today) = try self.invoice(in: .sent)
        var facts = invoice.facts
        facts.creditedMinor = 1_000
        #expect(facts.paymentState == .credited && facts.status(on: today) == .cancelled)
    }
}
