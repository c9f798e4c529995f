internal import Testing
internal import TimelineDomain
internal import Vocabulary

@Suite struct CausalOrderTests {
    private func id(_ number: UInt64) -> Identifier { Identifier(high: 1, low: number) }

    /// Events of one moment, or each of its own.
    private func order(_ events: [(UInt64, UInt64?)], at times: [Int64]? = nil) -> [Int] {
        CausalOrder.order(
            events.enumerated().map { index, event in
                (self.id(event.0), event.1.map(self.id), Instant(microseconds: times?[index] ?? 0))
            }
        )
    }

    /// The effect, from one service, came before the whole story of the other.
    @Test func tellsWhatHappenedFirstFirst() {
        #expect(self.order([(3, 2), (1, nil), (2, nil)], at: [30, 10, 20]) == [1, 2, 0])
        // By clocks that differ: the cause comes first all the same.
        #expect(self.order([(3, 2), (1, nil), (2, nil)], at: [5, 10, 20]) == [2, 0, 1])
    }

    @Test func keepsAnOrderThatIsRight() {
        #expect(self.order([(1, nil), (2, 1), (3, 1), (4, 2)]) == [0, 1, 2, 3])
    }

    @Test func putsAnEffectBehindItsCause() {
        #expect(self.order([(3, 2), (2, 1), (1, nil), (4, 3)]) == [2, 1, 0, 3])
        #expect(self.order([(1, nil), (4, 3), (2, 1), (3, 2)]) == [0, 2, 3, 1])
    }

    @Test func isNotHeldBackByACauseThatIsNotThere() {
        #expect(self.order([(1, 99), (2, 98)]) == [0, 1])
    }

    @Test func losesNothingInACircle() {
        #expect(self.order([(1, 2), (2, 1), (3, 3)]).sorted() == [0, 1, 2])
    }
}
