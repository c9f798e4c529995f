internal import NIOCore

/// One timer for many deadlines: it fires at the earliest it was told of, and the owner looks for what has passed.
///
/// A timer per call would cost a heap operation per call; most calls end long before their deadline.
struct DeadlineTimer {
    private var armedFor: NIODeadline?
    private var scheduled: Scheduled<Void>?

    /// Sees to it that `fire` is called at `deadline` or before.
    mutating func arm(for deadline: NIODeadline, on eventLoop: any EventLoop, _ fire: @escaping @Sendable () -> Void) {
        if let armedFor, armedFor <= deadline { return }
        self.scheduled?.cancel()
        self.armedFor = deadline
        self.scheduled = eventLoop.scheduleTask(deadline: deadline, fire)
    }

    /// To be called when the timer fired, before arming it again.
    mutating func fired() {
        self.armedFor = nil
        self.scheduled = nil
    }

    mutating func cancel() {
        self.scheduled?.cancel()
        self.fired()
    }
}
