internal import Testing
internal import TimelineDomain
internal import Vocabulary

@Suite struct CausalOrderTests {
    private func id(_ number: UInt64) -> Identifier { Identifier(high: 1, low: number) }

    private func order(_ events: [(UInt64, UInt64?)]) -> [Int] {
        CausalOrder.order(events.map { (id: self.id($0.0), cause: $0.1.map(self.id)) })
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
