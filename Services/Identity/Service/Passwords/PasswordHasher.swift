internal import Contracts
internal import Synchronization

/// A password as it is stored.
struct PasswordHash: Hashable, Sendable {
    let encoded: String
    let pepperKid: String
}

/// Hashes and verifies passwords: HMAC with the pepper, then Argon2id, on threads of its own.
final class PasswordHasher: Sendable {
    private let peppers: Peppers
    private let cost: Argon2.Cost
    private let random: RandomBytes
    private let threads: HashingThreads
    /// What is verified where there is no user or no password, so that it takes as long.
    private let dummy: PasswordHash
    private let typical: Mutex<Duration>
    private let verifications = Atomic(0)

    /// How much the newest duration counts in the average.
    private static let newestShare = 0.2

    init(
        peppers: Peppers,
        cost: Argon2.Cost,
        random: @escaping RandomBytes,
        threads: Int = HashingThreads.threadsDefault
    ) throws {
        self.peppers = peppers
        self.cost = cost
        self.random = random
        self.threads = HashingThreads(threads: threads)
        let clock = ContinuousClock()
        let start = clock.now
        // Nobody's password: its secret is random and forgotten here.
        let encoded = try Argon2.hash(random(Argon2.tagBytes), salt: random(Argon2.saltBytes), cost)
        self.dummy = PasswordHash(encoded: encoded, pepperKid: peppers.currentKid)
        self.typical = Mutex(clock.now - start)
    }

    /// How often a password was verified, the dummy's verifications included.
    var verificationsTotal: Int { self.verifications.load(ordering: .relaxed) }

    func hash(_ password: String) async throws -> PasswordHash {
        let kid = self.peppers.currentKid
        let salt = self.random(Argon2.saltBytes)
        let outcome = try await self.measured {
            Result { () throws(Argon2.Failure) in
                try Argon2.hash(self.peppers.mixed(Array(password.utf8), kid: kid) ?? [], salt: salt, self.cost)
            }
        }
        return PasswordHash(encoded: try outcome.get(), pepperKid: kid)
    }

    /// Whether this is the password of `stored`; takes as long, and answers `false`, where nothing is stored.
    func verify(_ password: String, _ stored: PasswordHash?) async throws(Fault) -> Bool {
        let hash = stored ?? self.dummy
        let isRight = try await self.measured {
            let mixed = self.peppers.mixed(Array(password.utf8), kid: hash.pepperKid)
            return Argon2.verify(hash.encoded, mixed ?? []) && mixed != nil
        }
        self.verifications.add(1, ordering: .relaxed)
        return isRight && stored != nil
    }

    /// Whether the stored hash is cheaper than today's, or mixed with an old key.
    func isOld(_ stored: PasswordHash) -> Bool {
        stored.pepperKid != self.peppers.currentKid || Argon2.cost(of: stored.encoded) != self.cost
    }

    /// Waits about as long as a verification takes, without its work: for attempts that are refused unverified.
    func pretend() async {
        try? await Task.sleep(for: self.typical.withLock { $0 })
    }

    private func measured<Output: Sendable>(_ work: @escaping @Sendable () -> Output) async throws(Fault) -> Output {
        let clock = ContinuousClock()
        let start = clock.now
        let output = try await self.threads.run(work)
        let taken = clock.now - start
        self.typical.withLock { $0 = $0 * (1 - Self.newestShare) + taken * Self.newestShare }
        return output
    }
}
