public import Vocabulary

/// A plan of recurring invoices: which periods it has billed or skipped, and what is due next.
public struct InvoiceSchedule: Hashable, Sendable {
    public let id: Identifier
    /// It ends earlier than it began with where its engagement does.
    public internal(set) var recurrence: Recurrence
    public let catchUp: CatchUp
    public internal(set) var status: Status
    /// When it paused and why, in order of beginning; at most one of each cause is still open. A pause never shifts the anchor.
    public internal(set) var pauses: [Pause]
    /// The first period that was neither billed nor skipped.
    public private(set) var nextIndex: Int

    /// How many periods one call of ``due(on:)`` decides; the next call goes on from there.
    public static let periodsPerRunMax = 100

    /// Restores a stored schedule, or begins one; it enforces no rule.
    public init(
        id: Identifier,
        recurrence: Recurrence,
        catchUp: CatchUp = .all,
        status: Status = .active,
        pauses: [Pause] = [],
        nextIndex: Int = 0
    ) {
        self.id = id
        self.recurrence = recurrence
        self.catchUp = catchUp
        self.status = status
        self.pauses = pauses
        self.nextIndex = nextIndex
    }

    /// Whether the schedule bills.
    public enum Status: String, Lifecycle {
        case active, paused, completed

        public static let subject = "The schedule"

        public var successors: [Status] {
            switch self {
            case .active: [.paused, .completed]
            case .paused: [.active, .completed]
            case .completed: []
            }
        }
    }

    /// What becomes of periods whose day to bill went by unnoticed.
    public enum CatchUp: String, CaseIterable, Sendable {
        /// Each is billed.
        case all
        /// The newest is billed, the others are skipped.
        case latest
        /// Only a period that begins today is billed.
        case none
    }

    /// Days on which no period is billed: from the first up to, and without, the day of resuming.
    public struct Pause: Hashable, Sendable {
        public let from: LocalDate
        public private(set) var until: LocalDate?
        public let cause: Cause
        public let reason: String?

        /// Who wants it, and so who ends it: neither a person nor an engagement undoes what the other wants.
        public enum Cause: String, CaseIterable, Sendable {
            case person, engagement
        }

        public init(from: LocalDate, until: LocalDate? = nil, by cause: Cause = .person, because reason: String? = nil)
        {
            self.from = from
            self.until = until
            self.cause = cause
            self.reason = reason
        }

        public var isOpen: Bool { self.until == nil }

        mutating func end(on date: LocalDate) { self.until = max(self.from, date) }

        func contains(_ date: LocalDate) -> Bool {
            guard let until else { return date >= self.from }
            return date >= self.from && date < until
        }
    }
}

/// What is to become of one period.
public struct PeriodDecision: Hashable, Sendable {
    public let period: BillingPeriod
    public let action: Action

    /// What becomes of a period that is due.
    public enum Action: Hashable, Sendable {
        case bill
        case skip(SkipReason)
    }

    /// Why a period is not billed.
    public enum SkipReason: String, CaseIterable, Sendable {
        case paused
        case caughtUp = "caught_up"
    }
}

/// What happened to a schedule.
public enum InvoiceScheduleEvent: Hashable, Sendable {
    case paused(from: LocalDate)
    case resumed(on: LocalDate)
    /// Its status is what it was, but not what holds it or when it ends.
    case changed
    case completed
}

extension InvoiceSchedule {
    /// Every period that has begun by `today` and is not yet handled, in order, with what to do about it.
    ///
    /// A pure function of the schedule: asking twice answers the same.
    public func due(on today: LocalDate) -> [PeriodDecision] {
        guard
            self.status != .completed,
            let latest = self.recurrence.lastIndex(startingOnOrBefore: today), latest >= self.nextIndex
        else { return [] }
        let last = min(latest, self.nextIndex + Self.periodsPerRunMax - 1)
        return (self.nextIndex...last).compactMap { index in
            self.recurrence.period(index).map { period in
                PeriodDecision(period: period, action: self.action(for: period, latest: latest, today: today))
            }
        }
    }

    private func action(for period: BillingPeriod, latest: Int, today: LocalDate) -> PeriodDecision.Action {
        if self.pauses.contains(where: { $0.contains(period.startOn) }) { return .skip(.paused) }
        switch self.catchUp {
        case .all: return .bill
        case .latest: return period.index == latest ? .bill : .skip(.caughtUp)
        case .none: return period.startOn == today ? .bill : .skip(.caughtUp)
        }
    }

    /// Records that everything up to `period` is billed or skipped, and completes the schedule after the last one.
    public mutating func handled(_ period: BillingPeriod) throws(Rejection) -> InvoiceScheduleEvent? {
        guard period.index == self.nextIndex else {
            throw .conflict("period_out_of_order", "Period \(self.nextIndex) comes next, not \(period.index).")
        }
        self.nextIndex += 1
        guard self.recurrence.period(self.nextIndex) == nil else { return nil }
        return try self.complete()
    }

    public mutating func complete() throws(Rejection) -> InvoiceScheduleEvent {
        try self.status.require(to: .completed)
        self.status = .completed
        return .completed
    }
}
