internal import Glibc

/// A moment, in microseconds since 1970-01-01T00:00:00Z, as precise as a `timestamptz` column.
///
/// Kept within the years 1 to 9999, which is what RFC 3339 can write; arithmetic stops at either end.
public struct Instant: Hashable, Sendable {
    public let microseconds: Int64

    /// Takes microseconds since 1970 in UTC, brought into the years 1 to 9999.
    public init(microseconds: Int64) {
        self.microseconds = min(max(microseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    public static let microsecondsPerSecond: Int64 = 1_000_000
    static let secondsPerDay: Int64 = 86_400
    private static let microsecondsPerDay = Self.secondsPerDay * Self.microsecondsPerSecond
    /// From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z.
    private static let range: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999

    public static let distantPast = Instant(microseconds: Self.range.lowerBound)
    public static let distantFuture = Instant(microseconds: Self.range.upperBound)

    /// What the system's clock says. A rule never calls this: it takes the time as an argument.
    public static func system() -> Instant {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * Self.microsecondsPerSecond + Int64(time.tv_nsec) / 1_000)
    }

    public func adding(microseconds: Int64) -> Instant {
        let (sum, overflow) = self.microseconds.addingReportingOverflow(microseconds)
        guard overflow else { return Instant(microseconds: sum) }
        return microseconds < 0 ? .distantPast : .distantFuture
    }

    public func advanced(bySeconds seconds: Int64) -> Instant {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: Self.microsecondsPerSecond)
        guard overflow else { return self.adding(microseconds: product) }
        return seconds < 0 ? .distantPast : .distantFuture
    }

    /// How long it is from this instant to `other`; negative when `other` is earlier.
    public func microseconds(until other: Instant) -> Int64 {
        other.microseconds - self.microseconds
    }

    /// Whole seconds since 1970, rounded down.
    public var secondsSinceEpoch: Int64 {
        let (quotient, remainder) = self.microseconds.quotientAndRemainder(dividingBy: Self.microsecondsPerSecond)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

extension Instant: Comparable {
    public static func < (left: Instant, right: Instant) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension Instant: LosslessStringConvertible {
    private static let fractionDigitsMax = 9

    /// Reads RFC 3339 with any offset. Digits after the sixth of the fraction are dropped; a leap second is refused.
    public init?(_ rfc3339: String) {
        var digits = Digits(rfc3339)
        guard
            let year = digits.number(of: 4), digits.take(UInt8(ascii: "-")) != nil,
            let month = digits.number(of: 2), digits.take(UInt8(ascii: "-")) != nil,
            let day = digits.number(of: 2), digits.take(UInt8(ascii: "T"), UInt8(ascii: "t")) != nil,
            let hour = digits.number(of: 2), hour < 24, digits.take(UInt8(ascii: ":")) != nil,
            let minute = digits.number(of: 2), minute < 60, digits.take(UInt8(ascii: ":")) != nil,
            let second = digits.number(of: 2), second < 60,
            let date = LocalDate(year: year, month: month, day: day),
            let fraction = Self.fraction(&digits),
            let offset = Self.offsetSeconds(&digits),
            digits.isAtEnd
        else { return nil }
        let seconds =
            Int64(date.daysSinceEpoch) * Self.secondsPerDay + Int64(hour * 3_600 + minute * 60 + second - offset)
        let microseconds = seconds * Self.microsecondsPerSecond + fraction
        guard Self.range.contains(microseconds) else { return nil }
        self.init(microseconds: microseconds)
    }

    private static func fraction(_ digits: inout Digits) -> Int64? {
        guard digits.take(UInt8(ascii: ".")) != nil else { return 0 }
        var fraction: Int64 = 0
        var unit = Self.microsecondsPerSecond
        var count = 0
        while let digit = digits.number(of: 1) {
            unit /= 10
            fraction += Int64(digit) * unit
            count += 1
            guard count <= Self.fractionDigitsMax else { return nil }
        }
        return count > 0 ? fraction : nil
    }

    private static func offsetSeconds(_ digits: inout Digits) -> Int? {
        if digits.take(UInt8(ascii: "Z"), UInt8(ascii: "z")) != nil { return 0 }
        guard
            let sign = digits.take(UInt8(ascii: "+"), UInt8(ascii: "-")),
            let hours = digits.number(of: 2), hours < 24, digits.take(UInt8(ascii: ":")) != nil,
            let minutes = digits.number(of: 2), minutes < 60
        else { return nil }
        let seconds = hours * 3_600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// RFC 3339 in UTC with six digits of fraction: `2026-11-22T23:54:34.123456Z`.
    public var description: String {
        var days = self.microseconds / Self.microsecondsPerDay
        var rest = self.microseconds % Self.microsecondsPerDay
        if rest < 0 {
            days -= 1
            rest += Self.microsecondsPerDay
        }
        let date = LocalDate(daysSinceEpoch: Int(days)).civil
        let seconds = Int(rest / Self.microsecondsPerSecond)
        return String(unsafeUninitializedCapacity: 27) { text in
            var position = 0
            func put(_ value: Int, _ width: Int, then separator: Unicode.Scalar) {
                var value = value
                for index in stride(from: position + width - 1, through: position, by: -1) {
                    text[index] = UInt8(ascii: "0") + UInt8(value % 10)
                    value /= 10
                }
                text[position + width] = UInt8(ascii: separator)
                position += width + 1
            }
            put(date.year, 4, then: "-")
            put(date.month, 2, then: "-")
            put(date.day, 2, then: "T")
            put(seconds / 3_600, 2, then: ":")
            put(seconds / 60 % 60, 2, then: ":")
            put(seconds % 60, 2, then: ".")
            put(Int(rest % Self.microsecondsPerSecond), 6, then: "Z")
            return position
        }
    }
}
