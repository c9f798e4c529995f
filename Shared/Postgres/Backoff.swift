/// How long to wait before the next attempt to connect: longer each time, and never in step with other processes.
struct Backoff {
    private static let shortestMilliseconds = 100
    private static let longestMilliseconds = 500
    private var attempts = 0

    mutating func next() -> Int {
        let ceiling = min(Self.longestMilliseconds, Self.shortestMilliseconds << min(self.attempts + 1, 8))
        self.attempts += 1
        return Int.random(in: Self.shortestMilliseconds...ceiling)
    }

    mutating func reset() {
        self.attempts = 0
    }
}
