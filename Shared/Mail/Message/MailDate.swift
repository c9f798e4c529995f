internal import Vocabulary

/// A date as mail writes it: `Mon, 23 Nov 2026 15:54:23 +0000` (RFC 5322, section 3.3).
enum MailDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let secondsPerDay: Int64 = 86_400

    static func text(_ instant: Instant) -> String {
        let seconds = max(instant.secondsSinceEpoch, 0)
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: Self.secondsPerDay)
        let date = LocalDate(daysSinceEpoch: Int(days))
        let time = [rest / 3_600, rest / 60 % 60, rest % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
        return "\(Self.weekdays[Int(days) % 7]), \(date.day) \(Self.months[date.month - 1]) \(date.year) \(time) +0000"
    }
}
