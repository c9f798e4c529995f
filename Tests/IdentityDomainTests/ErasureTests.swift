internal import IdentityDomain
internal import Testing
internal import Vocabulary

@Suite struct ErasureTests {
    private static let requestedAt = Instant(microseconds: 1_800_000_000_000_000)

    /// What may follow what, by every pair.
    @Test(arguments: Erasure.Status.allCases)
    func `only what is scheduled goes on`(status: Erasure.Status) {
        for next in Erasure.Status.allCases {
            var erasure = Erasure(status: status, dueAt: Self.requestedAt)
            let isMoved: Bool
            do {
                switch next {
                case .scheduled: try status.require(to: .scheduled)
                case .withdrawn: try erasure.withdraw()
                case .refused: try erasure.refuse()
                case .done: try erasure.complete(at: Self.requestedAt)
                }
                isMoved = true
            } catch {
                isMoved = false
            }
            #expect(isMoved == (status == .scheduled && next != .scheduled))
            #expect(erasure.status == (isMoved ? next : status))
        }
    }

    @Test func `it is carried out a week later, not before`() throws {
        var erasure = Erasure(requestedAt: Self.requestedAt)
        #expect(erasure.dueAt == Self.requestedAt.advanced(bySeconds: 7 * 86_400))
        #expect(throws: Rejection.self) { try erasure.complete(at: erasure.dueAt.advanced(bySeconds: -1)) }
        #expect(erasure.status == .scheduled)
        try erasure.complete(at: erasure.dueAt)
        #expect(erasure.status == .done)
    }
}
