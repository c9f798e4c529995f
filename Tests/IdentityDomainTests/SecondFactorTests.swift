internal import IdentityDomain
internal import Testing
internal import Vocabulary

@Suite struct SecondFactorTests {
    @Test(arguments: [(0, 0), (29, 0), (30, 1), (59, 1), (1_800_000_000, 60_000_000), (-5, 0)] as [(Int64, Int64)])
    func `a step is half a minute`(seconds: Int64, step: Int64) {
        #expect(SecondFactor.step(at: Instant(microseconds: seconds * 1_000_000)) == step)
    }

    /// One to either side, and none that was taken or is older than one that was.
    @Test(
        arguments: [
            (0, [99, 100, 101]), (98, [99, 100, 101]), (99, [100, 101]), (100, [101]), (101, []), (200, []),
        ] as [(Int64, [Int64])]
    )
    func `each step's code is taken once`(lastStep: Int64, steps: [Int64]) {
        let now = Instant(microseconds: (100 * 30 + 7) * 1_000_000)
        #expect(SecondFactor(lastStep: lastStep).steps(at: now) == steps)
    }
}
