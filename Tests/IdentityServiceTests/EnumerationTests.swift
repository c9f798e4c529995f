internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@testable internal import IdentityService

/// Row S6: neither an answer nor its time tells whether an address is known.
@Suite struct EnumerationTests {
    private static let signInsOfEach = 500
    /// A leak shows in every round; chance, one time in a hundred, does not.
    private static let roundsMax = 3

    @Test func `the statistic tells a shift from none`() {
        let base = (0..<500).map { Double($0 * 37 % 101) }
        #expect(MannWhitney.probability(base, base.reversed()) > 0.99)
        #expect(MannWhitney.probability(base, base.map { $0 + 0.5 }) > 0.01)
        #expect(MannWhitney.probability(base, base.map { $0 + 15 }) < 0.001)
        #expect(MannWhitney.probability([1, 1, 1], [1, 1, 1]) == 1)
        // 20 against 20 without overlap: far beyond any chance.
        #expect(MannWhitney.probability((0..<20).map(Double.init), (20..<40).map(Double.init)) < 1e-6)
    }

    @Test(.timeLimit(.minutes(5))) func `a known address takes as long as an unknown one`() async throws {
        try await IdentityHarness.run(
            change: { options in
                options.addressAttemptsMax = 1_000_000
                // What is deployed: beside a verification the microseconds in which a row is read are nothing to measure.
                let deployed = IdentityOptions(peppers: options.peppers, vaultKeys: options.vaultKeys)
                options.argonMemoryKiB = deployed.argonMemoryKiB
                options.argonIterations = deployed.argonIterations
            },
            { service in
                let password = try await service.parts.hasher.hash(IdentityHarness.password)
                var probabilities: [Double] = []
                while probabilities.count < Self.roundsMax, probabilities.last ?? 0 <= 0.01 {
                    probabilities.append(try await self.round(probabilities.count, password, service))
                }
                #expect(try #require(probabilities.last) > 0.01, "rounds: \(probabilities)")
            }
        )
    }

    /// Signs in with a wrong password, in turn for people who are known and for nobody.
    private func round(_ round: Int, _ password: PasswordHash, _ service: IdentityHarness) async throws -> Double {
        try await service.parts.crossTenant.change { transaction in
            try transaction.queue(
                """
                INSERT INTO app_user (id, email, name, password_hash, pepper_kid, password_set_at, created_at, updated_at)
                SELECT gen_random_uuid(), 'known-' || $1 || '-' || n || '@example.com', 'N', $2, $3, $4, $4, $4
                FROM generate_series(1, $5) n
                """,
                [
                    .text(String(round)), .text(password.encoded), .text(password.pepperKid),
                    .instant(service.clock.now), .int(Int64(Self.signInsOfEach)),
                ]
            )
        }
        var times: [String: [Double]] = ["known": [], "other": []]
        var answers: Set<[UInt8]> = []
        for number in 1...Self.signInsOfEach {
            // Each goes first as often as the other.
            for kind in number.isMultiple(of: 2) ? ["known", "other"] : ["other", "known"] {
                let body: JSON = [
                    "email": .string("\(kind)-\(round)-\(number)@example.com"), "password": "not the password",
                ]
                let start = ContinuousClock.now
                let fault = try #require(try await service.fault("session.create", body))
                times[kind]?.append((ContinuousClock.now - start) / .microseconds(1))
                answers.insert(fault.problemDetails(requestID: "the same"))
            }
        }
        // Status, size and every byte.
        #expect(answers.count == 1)
        return MannWhitney.probability(try #require(times["known"]), try #require(times["other"]))
    }
}
