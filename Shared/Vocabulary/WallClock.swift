/// Where a service gets the time from, so that a test or a sandbox organization can have its own.
public struct WallClock: Sendable {
    public let now: @Sendable () -> Instant

    public init(now: @escaping @Sendable () -> Instant) {
        self.now = now
    }

    public static let system = WallClock { Instant.system() }
}
