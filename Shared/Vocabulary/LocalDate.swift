/// A day of the proleptic Gregorian calendar with no zone: what invoices, periods and due dates are counted in.
///
/// Kept within the years 1 to 9999; arithmetic stops at either end.
public struct LocalDate: Hashable, Sendable {
    /// Days since 1970-01-01.
    public let daysSinceEpoch: Int

    /// Takes days since 1970-01-01, brought into the years 1 to 9999.
    public init(daysSinceEpoch: Int) {
        self.daysSinceEpoch = min(max(daysSinceEpoch, Self.range.lowerBound), Self.range.upperBound)
    }

    public init?(year: Int, month: Int, day: Int) {
        guard
            (1...Self.yearMax).contains(year), (1...12).contains(month),
            (1...Self.daysInMonth(year: year, month: month)).contains(day)
        else { return nil }
        self.init(daysSinceEpoch: Self.days(year: year, month: month, day: day))
    }

    private static let yearMax = 9_999
    /// From 0001-01-01 to 9999-12-31.
    private static let range = -719_162...2_932_896

    public static let distantPast = LocalDate(daysSinceEpoch: Self.range.lowerBound)
    public static let distantFuture = LocalDate(daysSinceEpoch: Self.range.upperBound)

    public var year: Int { self.civil.year }
    public var month: Int { self.civil.month }
    public var day: Int { self.civil.day }

    public var isLastDayOfMonth: Bool {
        let civil = self.civil
        return civil.day == Self.daysInMonth(year: civil.year, month: civil.month)
    }

    public var firstDayOfMonth: LocalDate {
        LocalDate(daysSinceEpoch: self.daysSinceEpoch - self.day + 1)
    }

    public var lastDayOfMonth: LocalDate {
        let civil = self.civil
        let length = Self.daysInMonth(year: civil.year, month: civil.month)
        return LocalDate(daysSinceEpoch: self.daysSinceEpoch - civil.day + length)
    }

    public func adding(days: Int) -> LocalDate {
        let (sum, overflow) = self.daysSinceEpoch.addingReportingOverflow(days)
        guard overflow else { return LocalDate(daysSinceEpoch: sum) }
        return days < 0 ? .distantPast : .distantFuture
    }

    /// The same day that many months later, or the month's last day where it is shorter: 31 January + 1 = 28 February.
    public func adding(months: Int) -> LocalDate {
        let civil = self.civil
        let (count, overflow) = (civil.year * 12 + civil.month - 1).addingReportingOverflow(months)
        guard !overflow, count < (Self.yearMax + 1) * 12 else { return months < 0 ? .distantPast : .distantFuture }
        guard count >= 12 else { return .distantPast }
        let (year, month) = (count / 12, count % 12 + 1)
        let day = min(civil.day, Self.daysInMonth(year: year, month: month))
        return LocalDate(daysSinceEpoch: Self.days(year: year, month: month, day: day))
    }

    /// How many days it is from this date to `other`; negative when `other` is earlier.
    public func days(until other: LocalDate) -> Int {
        other.daysSinceEpoch - self.daysSinceEpoch
    }

    public static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: Self.isLeapYear(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    public static func isLeapYear(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }
}

// The calendar is counted from 1 March of year 0 in eras of 400 years, so that a leap day falls at a year's end
// (Howard Hinnant, "chrono-compatible low-level date algorithms").
extension LocalDate {
    private static let daysPerEra = 146_097
    private static let daysToEpoch = 719_468

    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * Self.daysPerEra + dayOfEra - Self.daysToEpoch
    }

    /// Year, month and day at once; the three properties each compute all of it.
    public var civil: (year: Int, month: Int, day: Int) {
        let shifted = self.daysSinceEpoch + Self.daysToEpoch
        let era = shifted / Self.daysPerEra
        let dayOfEra = shifted % Self.daysPerEra
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension LocalDate: Comparable {
    public static func < (left: LocalDate, right: LocalDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }
}

extension LocalDate: LosslessStringConvertible {
    /// Reads `2026-11-22`, and nothing else.
    public init?(_ text: String) {
        var digits = Digits(text)
        guard
            let year = digits.number(of: 4), digits.take(UInt8(ascii: "-")) != nil,
            let month = digits.number(of: 2), digits.take(UInt8(ascii: "-")) != nil,
            let day = digits.number(of: 2), digits.isAtEnd
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    public var description: String {
        let civil = self.civil
        return "\(Digits.padded(civil.year, 4))-\(Digits.padded(civil.month, 2))-\(Digits.padded(civil.day, 2))"
    }
}
