internal import Synchronization
public import Vocabulary

/// A clock that stands still until a test moves it.
public final class TestClock: Sendable {
    /// 2026-11-22T09:00:00Z, a Sunday.
    public static let start = Instant(microseconds: 1_795_338_000_000_000)

    private let current: Mutex<Instant>

    public init(at start: Instant = TestClock.start) {
        self.current = Mutex(start)
    }

    public var now: Instant { self.current.withLock { $0 } }

    public func advance(bySeconds seconds: Int64) {
        self.current.withLock { $0 = $0.advanced(bySeconds: seconds) }
    }

    public func set(to instant: Instant) {
        self.current.withLock { $0 = instant }
    }

    /// The same clock as services take it.
    public var wall: WallClock { WallClock { self.now } }
}
