internal import NIOCore

/// What is known of credentials for a moment, and who waits for what is being asked. No clock and no socket in it.
struct CredentialCache<Waiter> {
    enum Lookup {
        case known(ResolvedCredential)
        /// Somebody asks already; the waiter will hear.
        case joined
        /// The caller asks, and reports by `resolved` or `failed`.
        case ask
    }

    private struct Entry {
        let credential: ResolvedCredential
        var freshUntil: NIODeadline
    }

    private struct Flight {
        var waiters: [Waiter]
        /// Something was revoked while identity was asked: its answer may be from before.
        var isTainted = false
    }

    /// How long identity's word is taken without asking again.
    static var freshness: TimeAmount { .seconds(1) }

    private let entriesMax: Int
    private var entries: [TokenHash: Entry] = [:]
    private var flights: [TokenHash: Flight] = [:]

    init(entriesMax: Int = 10_000) { self.entriesMax = entriesMax }

    var count: Int { self.entries.count }

    mutating func lookUp(_ hash: TokenHash, now: NIODeadline, waiter: @autoclosure () -> Waiter) -> Lookup {
        if let entry = self.entries[hash], now < entry.freshUntil { return .known(entry.credential) }
        if self.flights[hash] != nil {
            self.flights[hash]?.waiters.append(waiter())
            return .joined
        }
        self.flights[hash] = Flight(waiters: [waiter()])
        return .ask
    }

    /// Identity knows the credential.
    ///
    /// - Returns: who waits, and what for. Where identity said the same as before it is the same object, with the
    ///   assertions that were made of it.
    mutating func resolved(
        _ hash: TokenHash,
        _ identity: ResolvedCredential.Identity,
        now: NIODeadline
    ) -> (waiters: [Waiter], credential: ResolvedCredential) {
        let flight = self.flights.removeValue(forKey: hash)
        var credential = ResolvedCredential(identity)
        if let known = self.entries[hash]?.credential, known.identity == identity { credential = known }
        if flight?.isTainted == true {
            self.entries[hash] = nil
        } else {
            if self.entries[hash] == nil { self.makeRoom(now) }
            self.entries[hash] = Entry(credential: credential, freshUntil: now + Self.freshness)
        }
        return (flight?.waiters ?? [], credential)
    }

    /// Identity does not know it, or could not be asked: nothing is remembered.
    mutating func failed(_ hash: TokenHash, isUnknown: Bool) -> [Waiter] {
        if isUnknown { self.entries[hash] = nil }
        return self.flights.removeValue(forKey: hash)?.waiters ?? []
    }

    mutating func revoke(_ revocation: Revocation) {
        if let token = revocation.token {
            if let entry = self.entries[token], revocation.covers(token, entry.credential.caller) {
                self.entries[token] = nil
            }
            self.flights[token]?.isTainted = true
            return
        }
        self.entries = self.entries.filter { !revocation.covers($0.key, $0.value.credential.caller) }
        for hash in self.flights.keys { self.flights[hash]?.isTainted = true }
    }

    mutating func removeAll() {
        self.entries.removeAll()
        for hash in self.flights.keys { self.flights[hash]?.isTainted = true }
    }

    /// Stale entries go first; then all: each costs one question to have back.
    private mutating func makeRoom(_ now: NIODeadline) {
        guard self.entries.count >= self.entriesMax else { return }
        self.entries = self.entries.filter { now < $0.value.freshUntil }
        if self.entries.count >= self.entriesMax { self.entries.removeAll(keepingCapacity: true) }
    }
}
