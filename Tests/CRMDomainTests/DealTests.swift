internal import CRMDomain
internal import Testing
internal import Vocabulary

private typealias Stage = Deal.Stage

private let now = Instant(microseconds: 1_000_000)
private let later = Instant(microseconds: 2_000_000)
private let deadbeef = Identifier(high: 0xdead_beef, low: 1)

private func deal(in stage: Deal.Stage, lostFrom: Deal.Stage? = nil, amountMinor: Int64? = 500) -> Deal {
    Deal(
        id: deadbeef,
        clientCompanyID: deadbeef,
        amountMinor: amountMinor,
        stage: stage,
        enteredStageAt: now,
        lostFrom: lostFrom
    )
}

@Suite struct DealTests {
    static let pairs = Deal.Stage.allCases.flatMap { from in Deal.Stage.allCases.map { (from, $0) } }

    /// The rule written out again, as a table: a row for each stage, a column for each target.
    static let allowed: [Deal.Stage: Set<Deal.Stage>] = [
        .lead: [.qualified, .lost],
        .qualified: [.proposal, .lead, .lost],
        .proposal: [.negotiation, .qualified, .lead, .lost],
        .negotiation: [.won, .proposal, .qualified, .lead, .lost],
        .won: [.negotiation],
        .lost: [.lead, .qualified, .proposal, .negotiation],
    ]

    @Test(arguments: pairs)
    func everyPairFollowsTheTable(from: Deal.Stage, to: Deal.Stage) throws {
        #expect(from.successors.contains(to) == Self.allowed[from]?.contains(to))
    }

    @Test(arguments: pairs)
    func advancesOnlyAmongOpenStages(from: Deal.Stage, to: Deal.Stage) throws {
        var deal = deal(in: from)
        let before = deal
        if from.isOpen, to != .lost, from.successors.contains(to) {
            let moved = try deal.advance(to: to, at: later)
            #expect(moved.from == from && moved.to == to && moved.enteredAt == now && moved.leftAt == later)
            #expect(deal.stage == to && deal.probabilityPercent == to.probabilityPercent)
            #expect(deal.closedAt == (to == .won ? later : nil))
        } else {
            let allowed = from.advances.map(\.rawValue)
            let refusal = Rejection.transition("The deal", from: from.rawValue, to: to.rawValue, allowed: allowed)
            #expect(throws: refusal) { try deal.advance(to: to, at: later) }
            #expect(deal == before)
        }
    }

    @Test(arguments: Deal.Stage.allCases)
    func losesFromOpenStagesAndReopensThere(stage: Deal.Stage) throws {
        var deal = deal(in: stage)
        guard stage.isOpen else {
            #expect(throws: Rejection.self) { try deal.lose(because: .price, note: nil, at: later) }
            return
        }
        let moved = try deal.lose(because: .price, note: nil, at: later)
        #expect(moved.lostReason == .price && deal.probabilityPercent == 0 && deal.closedAt == later)
        let reopened = try deal.reopen(because: "budget came back", hasSignedContract: false, at: later)
        #expect(reopened.to == stage && deal.stage == stage)
        #expect(deal.closedAt == nil && deal.lostReason == nil && deal.lostFrom == nil)
    }

    @Test(arguments: [nil, "", "  \n"])
    func anotherReasonNeedsANote(note: String?) {
        var deal = deal(in: .lead)
        #expect(throws: Rejection.invalid("/note", code: "required", "A deal lost for another reason says which.")) {
            try deal.lose(because: .other, note: note, at: later)
        }
        #expect(deal.stage == .lead)
    }

    @Test func winsWithAnAmountAndACompany() {
        var unpriced = deal(in: .negotiation, amountMinor: nil)
        #expect(throws: Rejection.self) { try unpriced.advance(to: .won, at: later) }
        var companyless = Deal(id: deadbeef, amountMinor: 1, stage: .negotiation, enteredStageAt: now)
        #expect(throws: Rejection.self) { try companyless.advance(to: .won, at: later) }
        #expect(unpriced.stage == .negotiation && companyless.stage == .negotiation)
    }

    @Test(arguments: Deal.Stage.allCases)
    func aWonDealKeepsWhatItWasWonWith(stage: Deal.Stage) throws {
        let company = Identifier(high: 0xdead_beef, low: 2)
        for (amount, client, pointer) in [
            (nil, company, "/amount_minor"), (700, nil, "/client_company_id"),
        ] as [(Int64?, Identifier?, String)] {
            var changed = deal(in: stage)
            let before = changed
            guard stage == .won else {
                try changed.change(amountMinor: amount, clientCompanyID: client)
                #expect(changed.amountMinor == amount && changed.clientCompanyID == client)
                continue
            }
            let rejection = #expect(throws: Rejection.self) {
                try changed.change(amountMinor: amount, clientCompanyID: client)
            }
            #expect(rejection?.kind == .invalid(pointer: pointer, code: "required"))
            #expect(changed == before)
        }
        var changed = deal(in: stage)
        try changed.change(amountMinor: 700, clientCompanyID: company)
        #expect(changed.amountMinor == 700 && changed.clientCompanyID == company)
    }

    @Test func wonReopensOnlyWhileNothingIsSigned() throws {
        var deal = deal(in: .won)
        #expect(throws: Rejection.transition("The deal", from: "won", to: "negotiation", allowed: [])) {
            try deal.reopen(because: "mistake", hasSignedContract: true, at: later)
        }
        #expect(try deal.reopen(because: "mistake", hasSignedContract: false, at: later).to == .negotiation)
    }

    @Test(arguments: Deal.Stage.allCases.filter(\.isOpen))
    func anOpenDealIsNotReopened(stage: Deal.Stage) {
        var deal = deal(in: stage)
        #expect(throws: stage.refusal(to: stage)) {
            try deal.reopen(because: "again", hasSignedContract: false, at: later)
        }
        #expect(deal.stage == stage)
    }

    @Test(arguments: Deal.Stage.allCases)
    func reopensClosedDealsWithAReason(stage: Deal.Stage) {
        var deal = deal(in: stage, lostFrom: .proposal)
        #expect(throws: Rejection.self) { try deal.reopen(because: " ", hasSignedContract: false, at: later) }
        #expect(deal.stage == stage)
    }

    @Test func anOverrideHoldsUntilTheDealCloses() throws {
        var deal = deal(in: .negotiation)
        try deal.override(probabilityPercent: 33)
        #expect(deal.probabilityPercent == 33)
        _ = try deal.advance(to: .proposal, at: later)
        #expect(deal.probabilityPercent == 33)
        _ = try deal.advance(to: .negotiation, probability: 95, at: later)
        #expect(deal.probabilityPercent == 95)
        _ = try deal.advance(to: .won, at: later)
        #expect(deal.probabilityPercent == 100)
        #expect(throws: Rejection.self) { try deal.override(probabilityPercent: 101) }
    }

    @Test func defaultsOfProbability() {
        #expect(Deal.Stage.allCases.map(\.probabilityPercent) == [10, 20, 50, 80, 100, 0])
    }
}
