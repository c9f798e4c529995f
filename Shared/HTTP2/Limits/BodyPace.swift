internal import NIOCore

/// Whether a request body comes fast enough.
struct BodyPace: Hashable, Sendable {
    private let start: NIODeadline
    private var bytes = 0
    /// Time in which we ourselves kept the window shut.
    private var paused = TimeAmount.zero
    private var pausedSince: NIODeadline?

    init(start: NIODeadline) {
        self.start = start
    }

    mutating func received(_ count: Int) {
        self.bytes += count
    }

    mutating func pause(_ now: NIODeadline) {
        if self.pausedSince == nil { self.pausedSince = now }
    }

    mutating func resume(_ now: NIODeadline) {
        guard let since = self.pausedSince else { return }
        self.paused = self.paused + (now - since)
        self.pausedSince = nil
    }

    func isTooSlow(_ now: NIODeadline, _ limits: HTTPLimits) -> Bool {
        if self.pausedSince != nil { return false }
        let elapsed = now - self.start - self.paused
        if elapsed >= limits.bodyTimeout { return true }
        guard elapsed >= limits.bodyGraceTime else { return false }
        return Int64(self.bytes) < Int64(limits.bodyBytesPerSecondMin) * (elapsed.nanoseconds / 1_000_000_000)
    }
}
