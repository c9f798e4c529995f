public import Vocabulary

/// When a client is reminded of an invoice: days before (negative) or after the due date, each once.
public struct Reminders: Hashable, Sendable {
    public let offsetDays: [Int]

    public static let standard = Reminders(offsetDays: [-3, 1, 7, 14])

    public init(offsetDays: [Int]) {
        self.offsetDays = offsetDays.sorted()
    }

    /// The reminder to send today, or none. Missed ones collapse into the newest; none goes out on the day of sending.
    ///
    /// - Parameter done: The offsets already sent, or passed over, for this due date.
    public func due(
        on today: LocalDate,
        dueOn: LocalDate,
        balanceMinor: Int64,
        sentOn: LocalDate,
        done: Set<Int>
    ) -> Int? {
        guard balanceMinor > 0, today > sentOn else { return nil }
        let reached = self.offsetDays.filter { dueOn.adding(days: $0) <= today }
        guard let newest = reached.last, !done.contains(newest), dueOn.adding(days: newest) >= sentOn else {
            return nil
        }
        return newest
    }
}
