internal import IdentityDomain
internal import Testing
internal import Vocabulary

@Suite struct KeyRotationTests {
    private static let now = Instant(microseconds: 1_800_000_000_000_000)

    @Test(
        "The secret before works for the overlap, and never longer than the key",
        arguments: [
            (3_600, nil, 3_600), (0, nil, nil), (KeyRotation.overlapSecondsMax, nil, 604_800), (3_600, 7_200, 3_600),
            (3_600, 60, 60), (0, 60, nil),
        ] as [(Int64, Int64?, Int64?)]
    )
    func endOfTheOverlap(overlap: Int64, expiresIn: Int64?, worksFor: Int64?) throws {
        let rotation = try KeyRotation(
            at: Self.now,
            overlapSeconds: overlap,
            revokedAt: nil,
            expiresAt: expiresIn.map { Self.now.advanced(bySeconds: $0) }
        )
        #expect(rotation.formerUntil == worksFor.map { Self.now.advanced(bySeconds: $0) })
    }

    @Test func `A key that has ended gets no other secret`() {
        let revoked = #expect(throws: Rejection.self) {
            try KeyRotation(at: Self.now, overlapSeconds: 60, revokedAt: Self.now, expiresAt: nil)
        }
        #expect(revoked?.kind == .invalidTransition(from: "revoked", to: "rotated", allowed: []))
        let expired = #expect(throws: Rejection.self) {
            try KeyRotation(at: Self.now, overlapSeconds: 60, revokedAt: nil, expiresAt: Self.now)
        }
        #expect(expired?.kind == .conflict(code: "api_key_expired"))
    }
}
