/// Lets at most a tenth of the calls be retries, so that retries cannot keep a struggling service down.
struct RetryBudget: Hashable {
    /// Calls that earn one retry.
    static let callsPerRetry = 10
    /// Retries that may be saved up.
    static let retriesMax = 10

    /// In tenths of a retry; full at the start, so that the first calls may be retried too.
    private var tenths = Self.retriesMax * Self.callsPerRetry

    mutating func called() {
        self.tenths = min(self.tenths + 1, Self.retriesMax * Self.callsPerRetry)
    }

    mutating func takeRetry() -> Bool {
        guard self.tenths >= Self.callsPerRetry else { return false }
        self.tenths -= Self.callsPerRetry
        return true
    }
}

/// Waits between tries: a random part of a ceiling that doubles, so that many clients do not come back together.
struct Backoff: Hashable {
    let firstMilliseconds: Int64
    let lastMilliseconds: Int64

    /// Between attempts to connect.
    static let connect = Backoff(firstMilliseconds: 50, lastMilliseconds: 500)
    /// Between the tries of a call.
    static let call = Backoff(firstMilliseconds: 50, lastMilliseconds: 200)

    /// The longest wait after `failures` failures.
    func ceilingMilliseconds(failures: Int) -> Int64 {
        min(self.lastMilliseconds, self.firstMilliseconds << Int64(min(failures, 20)))
    }

    func milliseconds(failures: Int, using generator: inout some RandomNumberGenerator) -> Int64 {
        Int64.random(in: 0...self.ceilingMilliseconds(failures: failures), using: &generator)
    }
}

/// A small fast generator for choices that need no secrecy: which connection, how long a wait.
struct SplitMix: RandomNumberGenerator, Hashable {
    private var state: UInt64

    init(seed: UInt64) {
        self.state = seed
    }

    mutating func next() -> UInt64 {
        self.state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
