public import Vocabulary

/// By how long it has been due, what is owed is told apart.
public enum Ageing {
    /// How long a balance is past due, in days.
    public enum Bucket: String, CaseIterable, Sendable {
        case current
        case days1To30 = "days_1_30"
        case days31To60 = "days_31_60"
        case days61To90 = "days_61_90"
        case over90 = "over_90"

        /// Where a balance belongs that was due on that day; the due day itself is still current.
        public init(dueOn: LocalDate, today: LocalDate) {
            switch dueOn.days(until: today) {
            case ...0: self = .current
            case ...30: self = .days1To30
            case ...60: self = .days31To60
            case ...90: self = .days61To90
            default: self = .over90
            }
        }

        /// The due dates that belong here, as whoever lists the rows behind a figure asks for them: the first, and the last.
        public func dueDates(today: LocalDate) -> (from: LocalDate, through: LocalDate) {
            switch self {
            case .current: (today, .distantFuture)
            case .days1To30: (today.adding(days: -30), today.adding(days: -1))
            case .days31To60: (today.adding(days: -60), today.adding(days: -31))
            case .days61To90: (today.adding(days: -90), today.adding(days: -61))
            case .over90: (.distantPast, today.adding(days: -91))
            }
        }
    }
}
