internal import RevenueDomain
internal import Testing
internal import Vocabulary

private func date(_ text: String) throws -> LocalDate { try #require(LocalDate(text)) }

@Suite struct RecurrenceTests {
    @Test(
        arguments: [
            (
                "2026-01-31", .month, 1, .sameDay,
                ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]
            ),
            ("2027-12-31", .month, 2, .sameDay, ["2027-12-31", "2028-02-29", "2028-04-30", "2028-06-30"]),
            ("2026-02-28", .month, 1, .lastDay, ["2026-02-28", "2026-03-31", "2026-04-30"]),
            ("2026-02-28", .month, 1, .sameDay, ["2026-02-28", "2026-03-28", "2026-04-28"]),
            ("2024-02-29", .year, 1, .sameDay, ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
            ("2024-02-29", .year, 1, .lastDay, ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
            ("2025-11-30", .quarter, 1, .sameDay, ["2025-11-30", "2026-02-28", "2026-05-30", "2026-08-30"]),
            ("2025-11-30", .quarter, 1, .lastDay, ["2025-11-30", "2026-02-28", "2026-05-31", "2026-08-31"]),
            ("2026-12-28", .week, 2, .sameDay, ["2026-12-28", "2027-01-11", "2027-01-25"]),
            ("2026-02-27", .day, 1, .sameDay, ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ] as [(String, Recurrence.Unit, Int, Recurrence.DayRule, [String])]
    )
    func startsFollowTheAnchor(
        anchor: String,
        unit: Recurrence.Unit,
        count: Int,
        dayRule: Recurrence.DayRule,
        starts: [String]
    ) throws {
        let recurrence = try Recurrence(anchor: try date(anchor), unit: unit, count: count, dayRule: dayRule)
        #expect(starts.indices.map { recurrence.start(of: $0).description } == starts)
    }

    /// Whatever was asked before, in whatever order, period k is the same, and each ends where the next begins.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func periodsTileTheCalendar(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let unit = try #require(Recurrence.Unit.allCases.randomElement(using: &generator))
        var anchor = LocalDate(daysSinceEpoch: Int.random(in: 18_000...22_000, using: &generator))
        let isMonthly = unit != .day && unit != .week
        let dayRule: Recurrence.DayRule = isMonthly && Bool.random(using: &generator) ? .lastDay : .sameDay
        if dayRule == .lastDay { anchor = anchor.lastDayOfMonth }
        let recurrence = try Recurrence(
            anchor: anchor,
            unit: unit,
            count: Int.random(in: 1...5, using: &generator),
            dayRule: dayRule
        )
        let forwards = (0..<60).compactMap { recurrence.period($0) }
        let shuffled = (0..<60).shuffled(using: &generator).compactMap { recurrence.period($0) }
        #expect(shuffled.sorted { $0.index < $1.index } == forwards)
        #expect(forwards.count == 60 && forwards[0].startOn == anchor)
        for (period, next) in zip(forwards, forwards.dropFirst()) {
            #expect(period.endOn == next.startOn && period.days > 0)
            if isMonthly { #expect(period.startOn.day == anchor.day || period.startOn.isLastDayOfMonth) }
            if dayRule == .lastDay { #expect(period.startOn.isLastDayOfMonth) }
            #expect(recurrence.period(containing: period.startOn) == period)
            #expect(recurrence.period(containing: period.endOn.adding(days: -1)) == period)
        }
        #expect(recurrence.period(containing: anchor.adding(days: -1)) == nil)
    }

    @Test func endsAreKept() throws {
        let anchor = try date("2026-01-31")
        let counted = try Recurrence(anchor: anchor, unit: .month, end: .afterCount(3))
        #expect(counted.period(2) != nil && counted.period(3) == nil)
        let dated = try Recurrence(anchor: anchor, unit: .month, end: .onDate(try date("2026-03-31")))
        #expect(dated.period(2)?.startOn.description == "2026-03-31" && dated.period(3) == nil)
        #expect(dated.lastIndex(startingOnOrBefore: .distantFuture) == 2)
        #expect(dated.period(containing: try date("2026-05-01")) == nil)
        #expect(dated.period(-1) == nil)
        let endless = try Recurrence(anchor: try date("9990-01-01"), unit: .year)
        #expect(endless.period(8) != nil && endless.period(9) == nil && endless.period(10) == nil)
    }

    @Test func refusesWhatDoesNotRecur() throws {
        let anchor = try date("2026-01-30")
        #expect(throws: Rejection.self) { try Recurrence(anchor: anchor, unit: .month, count: 0) }
        #expect(throws: Rejection.self) { try Recurrence(anchor: anchor, unit: .month, dayRule: .lastDay) }
        #expect(throws: Rejection.self) {
            try Recurrence(anchor: anchor.lastDayOfMonth, unit: .week, dayRule: .lastDay)
        }
        #expect(throws: Rejection.self) { try Recurrence(anchor: anchor, unit: .day, end: .afterCount(0)) }
        #expect(throws: Rejection.self) {
            try Recurrence(anchor: anchor, unit: .day, end: .onDate(anchor.adding(days: -1)))
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func bothPartsOfASplitPeriodSumToThePrice(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let recurrence = try Recurrence(anchor: try date("2026-01-31"), unit: .month)
        let period = try #require(recurrence.period(Int.random(in: 0...40, using: &generator)))
        let price = Int64.random(in: 0...1_000_000, using: &generator)
        let offset = Int.random(in: 0...period.days, using: &generator)
        let parts = try Proration.split(price, of: period, at: period.startOn.adding(days: offset))
        #expect(parts.before + parts.after == price)
        let exact = Int64(offset) * price / Int64(period.days)
        #expect(parts.before == exact || parts.before == exact + 1)
        #expect(throws: Rejection.self) { try Proration.split(price, of: period, at: period.endOn.adding(days: 1)) }
    }
}

@Suite struct InvoiceScheduleTests {
    private func schedule(
        _ catchUp: InvoiceSchedule.CatchUp = .all,
        end: Recurrence.End = .never
    ) throws -> InvoiceSchedule {
        let recurrence = try Recurrence(anchor: try date("2026-01-31"), unit: .month, end: end)
        return InvoiceSchedule(id: Identifier(high: 0xdead_beef, low: 1), recurrence: recurrence, catchUp: catchUp)
    }

    @Test(
        arguments: [
            (.all, [.bill, .bill, .bill]), (.latest, [.skip(.caughtUp), .skip(.caughtUp), .bill]),
            (.none, [.skip(.caughtUp), .skip(.caughtUp), .bill]),
        ] as [(InvoiceSchedule.CatchUp, [PeriodDecision.Action])]
    )
    func catchesUp(catchUp: InvoiceSchedule.CatchUp, actions: [PeriodDecision.Action]) throws {
        let schedule = try self.schedule(catchUp)
        #expect(schedule.due(on: try date("2026-03-31")).map(\.action) == actions)
        #expect(schedule.due(on: try date("2026-01-30")).isEmpty)
    }

    @Test func withoutCatchUpALateRunBillsNothing() throws {
        #expect(try self.schedule(.none).due(on: try date("2026-02-01")).map(\.action) == [.skip(.caughtUp)])
    }

    @Test func aPauseSkipsAndNeverShifts() throws {
        var schedule = try self.schedule()
        for decision in schedule.due(on: try date("2026-01-31")) { _ = try schedule.handled(decision.period) }
        _ = try schedule.pause(on: try date("2026-02-10"))
        _ = try schedule.resume(on: try date("2026-04-15"))
        let due = schedule.due(on: try date("2026-05-31"))
        #expect(due.map(\.period.startOn.description) == ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"])
        #expect(due.map(\.action) == [.skip(.paused), .skip(.paused), .bill, .bill])
        #expect(schedule.due(on: try date("2026-05-31")) == due)
    }

    @Test func periodsAreHandledInOrderAndTheLastCompletes() throws {
        var schedule = try self.schedule(end: .afterCount(2))
        let due = schedule.due(on: try date("2027-01-01"))
        #expect(due.count == 2)
        #expect(throws: Rejection.self) { try schedule.handled(due[1].period) }
        #expect(try schedule.handled(due[0].period) == nil)
        #expect(try schedule.handled(due[1].period) == .completed)
        #expect(schedule.status == .completed && schedule.due(on: .distantFuture).isEmpty)
    }

    @Test func oneRunDecidesABoundedNumber() throws {
        let recurrence = try Recurrence(anchor: try date("2020-01-01"), unit: .day)
        let schedule = InvoiceSchedule(id: Identifier(high: 1, low: 1), recurrence: recurrence, catchUp: .latest)
        let due = schedule.due(on: try date("2026-01-01"))
        #expect(due.count == InvoiceSchedule.periodsPerRunMax)
        #expect(due.allSatisfy { $0.action == .skip(.caughtUp) })
    }

    static let pairs = InvoiceSchedule.Status.allCases.flatMap { from in
        InvoiceSchedule.Status.allCases.map { (from, $0) }
    }
    static let allowed: [InvoiceSchedule.Status: Set<InvoiceSchedule.Status>] = [
        .active: [.paused, .completed], .paused: [.active, .completed], .completed: [],
    ]

    @Test(arguments: pairs)
    func everyPairFollowsTheTable(from: InvoiceSchedule.Status, to: InvoiceSchedule.Status) throws {
        let isAllowed = try #require(Self.allowed[from]).contains(to)
        #expect(from.successors.contains(to) == isAllowed)
        let today = try date("2026-01-31")
        var schedule = InvoiceSchedule(
            id: Identifier(high: 1, low: 1),
            recurrence: try Recurrence(anchor: today, unit: .month),
            status: from
        )
        func attempt() throws(Rejection) {
            switch to {
            case .active: _ = try schedule.resume(on: today)
            case .paused: _ = try schedule.pause(on: today)
            case .completed: _ = try schedule.complete()
            }
        }
        if isAllowed {
            try attempt()
            #expect(schedule.status == to)
        } else {
            #expect(throws: Rejection.self) { try attempt() }
            #expect(schedule.status == from)
        }
    }
}
