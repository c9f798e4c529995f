/// When something recurs. Period `k` follows from the anchor alone, never from the period or the run before it.
public struct Recurrence: Hashable, Sendable {
    public let anchor: LocalDate
    public let unit: Unit
    public let count: Int
    public let dayRule: DayRule
    public let end: End

    /// How many units one interval may have.
    public static let countMax = 1_000
    /// No schedule has more periods: daily for a century.
    public static let periodsMax = 36_525

    /// What an interval counts.
    public enum Unit: String, CaseIterable, Sendable {
        case day, week, month, quarter, year
    }

    /// Which day of its month a period begins on.
    public enum DayRule: String, CaseIterable, Sendable {
        /// The anchor's day, or the last one of a month that lacks it.
        case sameDay = "same_day"
        /// The last day of the month, always.
        case lastDay = "last_day"
    }

    /// When the recurrence is over.
    public enum End: Hashable, Sendable {
        case never
        /// No period begins after this date.
        case onDate(LocalDate)
        case afterCount(Int)
    }

    public init(
        anchor: LocalDate,
        unit: Unit,
        count: Int = 1,
        dayRule: DayRule = .sameDay,
        end: End = .never
    ) throws(Rejection) {
        guard (1...Self.countMax).contains(count) else {
            throw .invalid("/interval_count", code: "out_of_range", "An interval has 1 to \(Self.countMax) units.")
        }
        if dayRule == .lastDay {
            guard unit != .day, unit != .week else {
                throw .invalid("/day_rule", code: "not_for_unit", "Days and weeks have no last day of the month.")
            }
            guard anchor.isLastDayOfMonth else {
                throw .invalid("/anchor_date", code: "not_last_day", "With last_day the anchor is a month's last day.")
            }
        }
        switch end {
        case .never: break
        case .onDate(let date):
            guard date >= anchor else {
                throw .invalid("/end_on", code: "before_anchor", "A schedule ends after it begins.")
            }
        case .afterCount(let periods):
            guard (1...Self.periodsMax).contains(periods) else {
                throw .invalid("/end_after", code: "out_of_range", "A schedule has 1 to \(Self.periodsMax) periods.")
            }
        }
        self.anchor = anchor
        self.unit = unit
        self.count = count
        self.dayRule = dayRule
        self.end = end
    }
}

/// One interval of a recurrence: from its first day up to, and without, the first day of the next.
public struct BillingPeriod: Hashable, Sendable {
    /// 0 for the one that begins at the anchor.
    public let index: Int
    public let startOn: LocalDate
    /// The first day that no longer belongs to it.
    public let endOn: LocalDate

    public var days: Int { self.startOn.days(until: self.endOn) }
}

extension Recurrence {
    /// The first day of period `index`, whether or not the recurrence has ended by then.
    public func start(of index: Int) -> LocalDate {
        let steps = index * self.count
        let date: LocalDate
        switch self.unit {
        case .day: date = self.anchor.adding(days: steps)
        case .week: date = self.anchor.adding(days: steps * 7)
        case .month: date = self.anchor.adding(months: steps)
        case .quarter: date = self.anchor.adding(months: steps * 3)
        case .year: date = self.anchor.adding(months: steps * 12)
        }
        switch self.dayRule {
        case .sameDay: return date
        case .lastDay: return date.lastDayOfMonth
        }
    }

    /// Period `index`, or nothing once the recurrence has ended or the calendar has.
    public func period(_ index: Int) -> BillingPeriod? {
        guard (0..<Self.periodsMax).contains(index) else { return nil }
        let period = BillingPeriod(index: index, startOn: self.start(of: index), endOn: self.start(of: index + 1))
        guard period.endOn < .distantFuture else { return nil }
        switch self.end {
        case .never: return period
        case .onDate(let date): return period.startOn <= date ? period : nil
        case .afterCount(let periods): return index < periods ? period : nil
        }
    }

    /// The period that `date` falls in, or nothing before the anchor and after the end.
    public func period(containing date: LocalDate) -> BillingPeriod? {
        self.lastIndex(startingOnOrBefore: date).flatMap(self.period).flatMap { date < $0.endOn ? $0 : nil }
    }

    /// The newest period that has begun by `date`, found by halving: starts only ascend.
    public func lastIndex(startingOnOrBefore date: LocalDate) -> Int? {
        guard date >= self.anchor else { return nil }
        var (low, high) = (0, Self.periodsMax)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if let period = self.period(middle), period.startOn <= date {
                low = middle
            } else {
                high = middle
            }
        }
        return low
    }
}

extension Recurrence {
    /// The same recurrence without the periods that begin after `date`; nothing where none begins by then.
    public func ending(on date: LocalDate) throws(Rejection) -> Recurrence? {
        guard let last = self.lastIndex(startingOnOrBefore: date) else { return nil }
        guard self.period(last + 1) != nil else { return self }
        return try Recurrence(
            anchor: self.anchor,
            unit: self.unit,
            count: self.count,
            dayRule: self.dayRule,
            end: .onDate(date)
        )
    }
}
