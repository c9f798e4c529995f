public import Vocabulary

/// A meeting. That none overlaps another of the same member is the database's exclusion constraint to keep.
public struct Appointment: Hashable, Sendable {
    public let id: Identifier
    public private(set) var startsAt: Instant
    public private(set) var endsAt: Instant
    public private(set) var status: Status

    /// How long one may last: a day.
    public static let durationSecondsMax: Int64 = 86_400

    /// Restores a stored appointment; it enforces no rule.
    public init(restoring id: Identifier, startsAt: Instant, endsAt: Instant, status: Status) {
        self.id = id
        self.startsAt = startsAt
        self.endsAt = endsAt
        self.status = status
    }

    public init(id: Identifier, startsAt: Instant, endsAt: Instant) throws(Rejection) {
        try Self.require(startsAt: startsAt, endsAt: endsAt)
        self.init(restoring: id, startsAt: startsAt, endsAt: endsAt, status: .held)
    }

    /// Whether the time is held, agreed or over.
    public enum Status: String, Lifecycle {
        case held, confirmed, completed
        case noShow = "no_show"
        case cancelled

        public static let subject = "The appointment"

        public var successors: [Status] {
            switch self {
            case .held: [.confirmed, .cancelled]
            case .confirmed: [.completed, .noShow, .cancelled]
            case .completed, .noShow, .cancelled: []
            }
        }
    }

    private static func require(startsAt: Instant, endsAt: Instant) throws(Rejection) {
        let length = startsAt.microseconds(until: endsAt)
        guard length > 0, length <= Self.durationSecondsMax * Instant.microsecondsPerSecond else {
            throw .invalid("/ends_at", code: "out_of_range", "An appointment ends after it starts, within a day.")
        }
    }
}

/// What happened to an appointment.
public enum AppointmentEvent: Hashable, Sendable {
    case moved(from: Appointment.Status, to: Appointment.Status)
    case rescheduled(from: Instant, to: Instant, endsAt: Instant)
}

extension Appointment {
    public mutating func confirm() throws(Rejection) -> AppointmentEvent {
        try self.move(to: .confirmed)
    }

    /// Says how it went, once it has begun.
    public mutating func close(asNoShow isNoShow: Bool, at now: Instant) throws(Rejection) -> AppointmentEvent {
        let target: Status = isNoShow ? .noShow : .completed
        try self.status.require(to: target)
        guard now >= self.startsAt else {
            throw .conflict("not_started", "The appointment has not begun.")
        }
        return try self.move(to: target)
    }

    public mutating func cancel() throws(Rejection) -> AppointmentEvent {
        try self.move(to: .cancelled)
    }

    /// Replaces the time in one step, so that there is no moment at which both or neither are taken.
    public mutating func reschedule(startsAt: Instant, endsAt: Instant) throws(Rejection) -> AppointmentEvent {
        switch self.status {
        case .held, .confirmed: break
        case .completed, .noShow, .cancelled:
            throw .conflict("appointment_closed", "An appointment that is over is not rescheduled.")
        }
        try Self.require(startsAt: startsAt, endsAt: endsAt)
        let former = self.startsAt
        self.startsAt = startsAt
        self.endsAt = endsAt
        return .rescheduled(from: former, to: startsAt, endsAt: endsAt)
    }

    private mutating func move(to target: Status) throws(Rejection) -> AppointmentEvent {
        try self.status.require(to: target)
        let from = self.status
        self.status = target
        return .moved(from: from, to: target)
    }
}
