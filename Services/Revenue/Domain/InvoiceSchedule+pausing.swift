public import Vocabulary

/// Where an engagement stands, as delivery tells it.
public enum EngagementState: String, CaseIterable, Sendable {
    case active
    case onHold = "on_hold"
    case completed, cancelled
}

extension InvoiceSchedule {
    public func isPaused(by cause: Pause.Cause) -> Bool {
        self.pauses.contains { $0.isOpen && $0.cause == cause }
    }

    // MARK: - By a person

    /// Skips the periods that begin from `today` on, until a person resumes it.
    ///
    /// What only its engagement's hold has paused may be paused by a person too, and then outlasts the hold.
    public mutating func pause(
        on today: LocalDate,
        because reason: String? = nil
    ) throws(Rejection) -> InvoiceScheduleEvent {
        switch self.status {
        case .active: break
        case .paused where self.isPaused(by: .engagement) && !self.isPaused(by: .person): break
        case .paused, .completed: throw self.status.refusal(to: .paused)
        }
        return self.begin(Pause(from: today, by: .person, because: reason))
    }

    /// Bills again from the first period that begins on or after `today`. A person does not resume what an engagement holds.
    public mutating func resume(on today: LocalDate) throws(Rejection) -> InvoiceScheduleEvent {
        guard self.status == .paused else { throw self.status.refusal(to: .active) }
        guard !self.isPaused(by: .engagement) else {
            throw .conflict("engagement_on_hold", "The engagement is on hold; resuming it resumes this schedule.")
        }
        return self.end(.person, on: today)
    }

    // MARK: - With its engagement

    /// The engagement is put on hold: nothing is billed until it is resumed. Nothing happens to what is over or held already.
    public mutating func hold(on today: LocalDate, because reason: String?) -> InvoiceScheduleEvent? {
        guard self.status != .completed, !self.isPaused(by: .engagement) else { return nil }
        return self.begin(Pause(from: today, by: .engagement, because: reason))
    }

    /// The engagement is resumed: what its hold paused bills again, what a person paused stays paused.
    public mutating func release(on today: LocalDate) -> InvoiceScheduleEvent? {
        guard self.status == .paused, self.isPaused(by: .engagement) else { return nil }
        return self.end(.engagement, on: today)
    }

    /// Begins within an engagement: where that is on hold it is held from the start; where it is over there is nothing to begin.
    public mutating func begin(within engagement: EngagementState, on today: LocalDate) throws(Rejection) {
        switch engagement {
        case .active: break
        case .onHold: _ = self.hold(on: today, because: nil)
        case .completed, .cancelled:
            throw .conflict("engagement_closed", "The engagement is \(engagement.rawValue): no schedule begins in it.")
        }
    }

    /// How an engagement ends.
    public enum EngagementEnd: String, CaseIterable, Sendable {
        case completed, cancelled
    }

    /// The engagement ends: what has begun by `today` is still billed, as it would have been, and nothing after it.
    ///
    /// One exception: the single invoice of a completed engagement (`one_time`) goes out on its day. It is the price of work that is
    /// now done; only a cancelled engagement makes it void.
    public mutating func end(_ end: EngagementEnd, on today: LocalDate) throws(Rejection) -> InvoiceScheduleEvent? {
        guard self.status != .completed else { return nil }
        switch end {
        case .completed where self.recurrence.end == .afterCount(1): return nil
        case .completed, .cancelled: break
        }
        guard let shortened = try self.recurrence.ending(on: today), shortened.period(self.nextIndex) != nil else {
            return try self.complete()
        }
        guard shortened != self.recurrence else { return nil }
        self.recurrence = shortened
        return .changed
    }

    // MARK: - Both

    private mutating func begin(_ pause: Pause) -> InvoiceScheduleEvent {
        let isNews = self.status == .active
        self.pauses.append(pause)
        self.status = .paused
        return isNews ? .paused(from: pause.from) : .changed
    }

    private mutating func end(_ cause: Pause.Cause, on today: LocalDate) -> InvoiceScheduleEvent {
        for index in self.pauses.indices where self.pauses[index].isOpen && self.pauses[index].cause == cause {
            self.pauses[index].end(on: today)
        }
        let isOver = !self.pauses.contains(where: \.isOpen)
        self.status = isOver ? .active : .paused
        return isOver ? .resumed(on: today) : .changed
    }
}
