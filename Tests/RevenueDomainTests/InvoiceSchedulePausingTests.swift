internal import RevenueDomain
internal import Testing
internal import Vocabulary

/// What a person and an engagement do to a schedule, from every state it can be in.
@Suite struct InvoiceSchedulePausingTests {
    enum State: CaseIterable {
        case active, pausedByPerson, held, heldAndPaused, completed
    }

    enum Act: CaseIterable {
        case pause, resume, hold, release, engagementCompleted, engagementCancelled
    }

    /// What an act leads to; `nil` where it is refused, and the state itself with no event where nothing happens.
    struct Outcome: Equatable {
        let state: State
        let event: InvoiceScheduleEvent?

        init(_ state: State, _ event: InvoiceScheduleEvent? = nil) {
            self.state = state
            self.event = event
        }
    }

    static let begin = LocalDate(year: 2026, month: 1, day: 31)
    static let today = LocalDate(year: 2026, month: 3, day: 10)

    /// The table of all thirty: a monthly schedule that has billed January and February.
    static func expected(_ state: State, _ act: Act, _ today: LocalDate) -> Outcome? {
        switch (state, act) {
        case (.active, .pause): Outcome(.pausedByPerson, .paused(from: today))
        case (.active, .resume): nil
        case (.active, .hold): Outcome(.held, .paused(from: today))
        case (.active, .release): Outcome(.active)
        case (.pausedByPerson, .pause): nil
        case (.pausedByPerson, .resume): Outcome(.active, .resumed(on: today))
        case (.pausedByPerson, .hold): Outcome(.heldAndPaused, .changed)
        case (.pausedByPerson, .release): Outcome(.pausedByPerson)
        case (.held, .pause): Outcome(.heldAndPaused, .changed)
        case (.held, .resume): nil
        case (.held, .hold): Outcome(.held)
        case (.held, .release): Outcome(.active, .resumed(on: today))
        case (.heldAndPaused, .pause): nil
        case (.heldAndPaused, .resume): nil
        case (.heldAndPaused, .hold): Outcome(.heldAndPaused)
        case (.heldAndPaused, .release): Outcome(.pausedByPerson, .changed)
        case (.completed, .pause), (.completed, .resume): nil
        case (.completed, .hold), (.completed, .release): Outcome(.completed)
        case (.completed, .engagementCompleted), (.completed, .engagementCancelled): Outcome(.completed)
        case (_, .engagementCompleted), (_, .engagementCancelled): Outcome(.completed, .completed)
        }
    }

    private static func schedule(
        _ state: State,
        handled: Int = 2,
        end: Recurrence.End = .never
    ) throws -> InvoiceSchedule {
        let begin = try #require(Self.begin)
        let from = try #require(LocalDate(year: 2026, month: 3, day: 1))
        let person = InvoiceSchedule.Pause(from: from, by: .person)
        let hold = InvoiceSchedule.Pause(from: from, by: .engagement, because: "No answer.")
        let (status, pauses): (InvoiceSchedule.Status, [InvoiceSchedule.Pause]) =
            switch state {
            case .active: (.active, [])
            case .pausedByPerson: (.paused, [person])
            case .held: (.paused, [hold])
            case .heldAndPaused: (.paused, [hold, person])
            case .completed: (.completed, [])
            }
        return InvoiceSchedule(
            id: Identifier(high: 0xdead_beef, low: 1),
            recurrence: try Recurrence(anchor: begin, unit: .month, end: end),
            status: status,
            pauses: pauses,
            nextIndex: handled
        )
    }

    private static func state(of schedule: InvoiceSchedule) -> State {
        switch (schedule.status, schedule.isPaused(by: .person), schedule.isPaused(by: .engagement)) {
        case (.completed, _, _): .completed
        case (.active, _, _): .active
        case (.paused, true, true): .heldAndPaused
        case (.paused, false, true): .held
        case (.paused, _, false): .pausedByPerson
        }
    }

    private static func perform(
        _ act: Act,
        on schedule: inout InvoiceSchedule,
        _ today: LocalDate
    ) throws(Rejection) -> InvoiceScheduleEvent? {
        switch act {
        case .pause: try schedule.pause(on: today, because: "Budget")
        case .resume: try schedule.resume(on: today)
        case .hold: schedule.hold(on: today, because: "No answer.")
        case .release: schedule.release(on: today)
        case .engagementCompleted: try schedule.end(.completed, on: today)
        case .engagementCancelled: try schedule.end(.cancelled, on: today)
        }
    }

    static let pairs = State.allCases.flatMap { state in Act.allCases.map { (state, $0) } }

    @Test(arguments: pairs)
    func everyActFromEveryStateFollowsTheTable(state: State, act: Act) throws {
        let today = try #require(Self.today)
        var schedule = try Self.schedule(state)
        #expect(Self.state(of: schedule) == state)
        guard let expected = Self.expected(state, act, today) else {
            let before = schedule
            #expect(throws: Rejection.self) { try Self.perform(act, on: &schedule, today) }
            #expect(schedule == before)
            return
        }
        let before = schedule
        let event = try Self.perform(act, on: &schedule, today)
        #expect(Outcome(Self.state(of: schedule), event) == expected)
        if event == nil { #expect(schedule == before) }
    }

    /// The same event applied twice does what it does once.
    @Test(arguments: State.allCases, [Act.hold, .release, .engagementCompleted, .engagementCancelled])
    func whatAnEngagementDoesIsDoneOnce(state: State, act: Act) throws {
        let today = try #require(Self.today)
        var schedule = try Self.schedule(state)
        _ = try Self.perform(act, on: &schedule, today)
        let once = schedule
        #expect(try Self.perform(act, on: &schedule, today) == nil)
        #expect(schedule == once)
    }

    @Test func whatAPersonPausedOutlastsTheHold() throws {
        let today = try #require(Self.today)
        var schedule = try Self.schedule(.held)
        let refused = #expect(throws: Rejection.self) { try schedule.resume(on: today) }
        #expect(refused?.kind == .conflict(code: "engagement_on_hold"))
        _ = try schedule.pause(on: today, because: "Budget")
        _ = schedule.release(on: today.adding(days: 60))
        #expect(schedule.status == .paused)
        _ = try schedule.resume(on: today.adding(days: 90))
        // March, April and May began while somebody had it paused; the anchor has not moved.
        let due = schedule.due(on: try #require(LocalDate(year: 2026, month: 6, day: 30)))
        #expect(due.map(\.action) == [.skip(.paused), .skip(.paused), .skip(.paused), .bill])
        #expect(due.last?.period.startOn == LocalDate(year: 2026, month: 6, day: 30))
        #expect(schedule.pauses.map(\.reason) == ["No answer.", "Budget"])
    }

    @Test(arguments: InvoiceSchedule.EngagementEnd.allCases)
    func whatHasBegunWhenTheEngagementEndsIsStillBilled(end: InvoiceSchedule.EngagementEnd) throws {
        let today = try #require(Self.today)
        var schedule = try Self.schedule(.active, handled: 0)
        #expect(try schedule.end(end, on: today) == .changed)
        #expect(schedule.status == .active)
        let due = schedule.due(on: today.adding(days: 400))
        #expect(due.map(\.period.startOn.description) == ["2026-01-31", "2026-02-28"])
        #expect(try schedule.handled(due[0].period) == nil)
        #expect(try schedule.handled(due[1].period) == .completed)
    }

    @Test(arguments: InvoiceSchedule.EngagementEnd.allCases)
    func nothingIsBilledThatHasNotBegun(end: InvoiceSchedule.EngagementEnd) throws {
        let begin = try #require(Self.begin)
        var schedule = try Self.schedule(.active, handled: 0)
        #expect(try schedule.end(end, on: begin.adding(days: -1)) == .completed)
        #expect(schedule.due(on: .distantFuture).isEmpty)
    }

    /// An end that the schedule has anyway, and earlier, is not moved.
    @Test(arguments: [Recurrence.End.afterCount(2), .onDate(LocalDate(year: 2026, month: 3, day: 1) ?? .distantFuture)])
    func anEarlierEndStays(end: Recurrence.End) throws {
        let today = try #require(Self.today)
        var schedule = try Self.schedule(.active, handled: 1, end: end)
        #expect(try schedule.end(.cancelled, on: today) == nil)
        #expect(schedule.recurrence.end == end)
    }

    @Test func theOneInvoiceOfWorkThatIsDoneGoesOutOnItsDay() throws {
        let begin = try #require(Self.begin)
        var schedule = try Self.schedule(.active, handled: 0, end: .afterCount(1))
        #expect(try schedule.end(.completed, on: begin.adding(days: -30)) == nil)
        #expect(schedule.due(on: begin).map(\.action) == [.bill])
        #expect(try schedule.end(.cancelled, on: begin.adding(days: -30)) == .completed)
        #expect(schedule.due(on: begin).isEmpty)
    }

    @Test(arguments: EngagementState.allCases)
    func aScheduleBeginsAsItsEngagementStands(engagement: EngagementState) throws {
        let today = try #require(Self.today)
        var schedule = try Self.schedule(.active, handled: 0)
        switch engagement {
        case .active, .onHold:
            try schedule.begin(within: engagement, on: today)
            #expect(Self.state(of: schedule) == (engagement == .active ? .active : .held))
        case .completed, .cancelled:
            #expect(throws: Rejection.self) { try schedule.begin(within: engagement, on: today) }
        }
    }
}
