public import Vocabulary

/// A plan of recurring invoices: which periods it has billed or skipped, and what is due next.
public struct InvoiceSchedule: Hashable, Sendable {
    public let id: Identifier
    public let recurrence: Recurrence
    public let catchUp: CatchUp
    public private(set) var status: Status
    /// When it paused, in order; only the last may still be open. A pause never shifts the anchor.
    public private(set) var pauses: [Pause]
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
        public let until: LocalDate?

        public init(from: LocalDate, until: LocalDate? = nil) {
            self.from = from
            self.until = until
        }

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

    public enum Action: Hashable, Sendable {
        case bill
        case skip(SkipReason)
    }

    public enum SkipReason: String, CaseIterable, Sendable {
        case paused
        case caughtUp = "caught_up"
    }
}

/// What happened to a schedule.
public enum InvoiceScheduleEvent: Hashable, Sendable {
    case paused(from: LocalDate)
    case resumed(on: LocalDate)
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

    /// Skips the periods that begin from `today` on, until it is resumed.
    public mutating func pause(on today: LocalDate) throws(Rejection) -> InvoiceScheduleEvent {
        try self.status.require(to: .paused)
        self.status = .paused
        self.pauses.append(Pause(from: today))
        return .paused(from: today)
    }

    /// Bills again from the first period that begins on or after `today`.
    public mutating func resume(on today: LocalDate) throws(Rejection) -> InvoiceScheduleEvent {
        guard self.status == .paused else { throw self.status.refusal(to: .active) }
        if let open = self.pauses.last, open.until == nil {
            self.pauses[self.pauses.count - 1] = Pause(from: open.from, until: max(open.from, today))
        }
        self.status = .active
        return .resumed(on: today)
    }

    public mutating func complete() throws(Rejection) -> InvoiceScheduleEvent {
        try self.status.require(to: .completed)
        self.status = .completed
        return .completed
    }

    /// The instant at which a period's invoice goes out: that time of day, in that zone, on its first day.
    public static func sendInstant(of period: BillingPeriod, hour: Int, minute: Int, in zone: Zone) -> Instant {
        zone.instant(period.startOn, hour: hour, minute: minute)
    }
}
