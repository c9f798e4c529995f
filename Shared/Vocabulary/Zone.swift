internal import Foundation

/// An IANA time zone: where a date begins and what the date is, for an organization.
public struct Zone: Sendable {
    public let identifier: String
    private let timeZone: TimeZone

    /// Takes `UTC` or a name of the form `Area/Place`. Abbreviations and bare offsets are refused: they name no rules.
    public init?(_ iana: String) {
        guard iana == "UTC" || iana.utf8.contains(UInt8(ascii: "/")), let timeZone = TimeZone(identifier: iana) else {
            return nil
        }
        self.init(identifier: iana, timeZone: timeZone)
    }

    private init(identifier: String, timeZone: TimeZone) {
        self.identifier = identifier
        self.timeZone = timeZone
    }

    public static let utc = Zone(identifier: "UTC", timeZone: .gmt)

    /// The date that a calendar on the wall there shows at `instant`.
    public func date(at instant: Instant) -> LocalDate {
        let local = instant.secondsSinceEpoch + self.offsetSeconds(at: instant.secondsSinceEpoch)
        let (days, rest) = local.quotientAndRemainder(dividingBy: Instant.secondsPerDay)
        return LocalDate(daysSinceEpoch: Int(rest < 0 ? days - 1 : days))
    }

    /// The first instant of `date`: midnight, or the end of the gap where clocks skip it.
    public func startOfDay(_ date: LocalDate) -> Instant {
        self.instant(date, hour: 0, minute: 0)
    }

    /// The instant at which clocks there show that time. A time that occurs twice means its first occurrence; one that
    /// clocks skip means the first instant after the gap.
    public func instant(_ date: LocalDate, hour: Int, minute: Int) -> Instant {
        let wall = Int64(date.daysSinceEpoch) * Instant.secondsPerDay + Int64(hour * 3_600 + minute * 60)
        var before = wall - Instant.secondsPerDay
        var after = wall + Instant.secondsPerDay
        let offsets = (before: self.offsetSeconds(at: before), after: self.offsetSeconds(at: after))
        for offset in [offsets.before, offsets.after] where self.offsetSeconds(at: wall - offset) == offset {
            return Instant(microseconds: (wall - offset) * Instant.microsecondsPerSecond)
        }
        while after - before > 1 {
            let middle = before + (after - before) / 2
            if self.offsetSeconds(at: middle) == offsets.before {
                before = middle
            } else {
                after = middle
            }
        }
        return Instant(microseconds: after * Instant.microsecondsPerSecond)
    }

    private func offsetSeconds(at seconds: Int64) -> Int64 {
        Int64(self.timeZone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds))))
    }
}

extension Zone: Hashable {
    public static func == (left: Zone, right: Zone) -> Bool {
        left.identifier == right.identifier
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.identifier)
    }
}
