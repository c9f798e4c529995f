internal import IdentityDomain
internal import Testing
internal import Vocabulary

private let start = Instant(microseconds: 0)
private let day: Int64 = 86_400

private func at(_ seconds: Int64) -> Instant { start.advanced(bySeconds: seconds) }

@Suite struct RefreshFamilyStateMachineTests {
    @Test func theNewestTokenRotates() {
        var family = RefreshFamilyStateMachine(startedAt: start)
        #expect(
            family.present(generation: 1, at: at(60))
                == .rotate(generation: 2, accessExpiresAt: at(660), refreshExpiresAt: at(60 + 7 * day))
        )
        #expect(family.generation == 2 && family.rotatedAt == at(60))
    }

    @Test func thePredecessorReturnsTheSameSuccessorForTenSeconds() {
        var family = RefreshFamilyStateMachine(startedAt: start)
        _ = family.present(generation: 1, at: at(60))
        #expect(family.present(generation: 1, at: at(60)) == .returnSuccessor(generation: 2))
        #expect(family.present(generation: 1, at: at(69)) == .returnSuccessor(generation: 2))
        #expect(family.revokedAt == nil && family.generation == 2)
        #expect(family.present(generation: 1, at: at(70)) == .revokeFamily)
        #expect(family.revokedAt == at(70))
        #expect(family.present(generation: 2, at: at(70)) == .refuse(.revoked))
    }

    @Test func aPredecessorWhoseSuccessorWasUsedIsAReuse() {
        var family = RefreshFamilyStateMachine(startedAt: start)
        _ = family.present(generation: 1, at: at(1))
        _ = family.present(generation: 2, at: at(2))
        #expect(family.present(generation: 1, at: at(3)) == .revokeFamily)
    }

    @Test func idleAndAbsoluteLimitsHold() {
        var idle = RefreshFamilyStateMachine(startedAt: start)
        #expect(idle.present(generation: 1, at: at(7 * day)) == .refuse(.expired))
        var busy = RefreshFamilyStateMachine(startedAt: start)
        var generation: Int64 = 1
        for use in 1...4 {
            let now = at(Int64(use) * 6 * day)
            let end = min(now.advanced(bySeconds: 7 * day), at(30 * day))
            #expect(
                busy.present(generation: generation, at: now)
                    == .rotate(
                        generation: generation + 1,
                        accessExpiresAt: now.advanced(bySeconds: 600),
                        refreshExpiresAt: end
                    )
            )
            generation += 1
        }
        #expect(
            busy.present(generation: generation, at: at(30 * day - 1))
                == .rotate(generation: generation + 1, accessExpiresAt: at(30 * day), refreshExpiresAt: at(30 * day))
        )
        #expect(busy.present(generation: generation + 1, at: at(30 * day)) == .refuse(.expired))
    }

    @Test(arguments: [0, -1, 2, .max] as [Int64])
    func aGenerationThatWasNeverMadeIsUnknown(generation: Int64) {
        var family = RefreshFamilyStateMachine(startedAt: start)
        #expect(family.present(generation: generation, at: at(1)) == .refuse(.unknown))
        #expect(family.revokedAt == nil)
    }

    @Test func revokingTwiceKeepsTheFirstMoment() {
        var family = RefreshFamilyStateMachine(startedAt: start)
        family.revoke(at: at(1))
        family.revoke(at: at(2))
        #expect(family.revokedAt == at(1))
        #expect(family.present(generation: 1, at: at(3)) == .refuse(.revoked))
    }

    @Test func aSessionEndsWithItsIdlenessAndAtTheLatestWithItsAge() {
        let (idle, absolute): (Int64, Int64) = (7 * 86_400, 30 * 86_400)
        #expect(SessionLifetime.refresh.expiry(startedAt: start, lastUsedAt: start) == at(idle))
        #expect(SessionLifetime.refresh.expiry(startedAt: start, lastUsedAt: at(absolute - 1)) == at(absolute))
    }
}
