internal import DeliveryDomain
internal import Testing
internal import Vocabulary

@Suite struct MilestoneSharesTests {
    private static func percent(_ text: String) -> Rate? { Quantity(text).map { Rate(scaled: $0.scaled) } }

    @Test(
        arguments: [
            (["30", "30", "40"], 1_000, [300, 300, 400]), (["33.3333", "33.3333", "33.3334"], 100, [33, 33, 34]),
            (["50", "50"], 1, [1, 0]), (["50"], 1, [1]), (["49.9999"], 1, [0]), (["0"], 1_000, [0]), (["100"], 7, [7]),
            (["10", nil, "20"], 999, [100, nil, 200]), ([], 5, []),
        ] as [([String?], Int64, [Int64?])]
    )
    func amountsFollowFromTheWhole(percents: [String?], total: Int64, amounts: [Int64?]) throws {
        let shares = percents.map { $0.flatMap(Self.percent) }
        #expect(try MilestoneShares.amounts(shares, of: total, at: "") == amounts)
    }

    /// Parts of the whole sum to the whole; fewer never to more than it, and each is its exact part to within one minor unit.
    @Test(arguments: 0..<300 as Range<UInt64>)
    func nothingIsLostOrBilledTwice(seed: UInt64) throws {
        var generator = Steps(state: seed &* 0x9e37_79b9_7f4a_7c15 &+ 1)
        let total = Int64.random(in: 0...1_000_000_000_000_000, using: &generator)
        var left = Rate.scale
        var shares: [Rate] = []
        for _ in 0..<Int.random(in: 0...20, using: &generator) {
            let part = Int64.random(in: 0...left, using: &generator)
            shares.append(Rate(scaled: part))
            left -= part
        }
        let some = try MilestoneShares.amounts(shares, of: total, at: "").compactMap { $0 }
        #expect(some.count == shares.count && some.reduce(0, +) <= total)
        for (share, amount) in zip(shares, some) {
            let exact = Int128(share.scaled) * Int128(total)
            #expect((Int128(amount) * Int128(Rate.scale) - exact).magnitude < Int128(Rate.scale).magnitude)
        }
        let whole = try MilestoneShares.amounts(shares + [Rate(scaled: left)], of: total, at: "").compactMap { $0 }
        #expect(whole.reduce(0, +) == total)
    }

    @Test(arguments: [(["100.0001"], "out_of_range"), (["-1"], "out_of_range"), (["60", "40.0001"], "over_the_whole")])
    func moreThanTheWholeIsRefused(percents: [String], code: String) throws {
        let rejection = #expect(throws: Rejection.self) {
            try MilestoneShares.require(percents.map(Self.percent), at: "/milestones")
        }
        #expect(rejection?.kind == .invalid(pointer: "/milestones", code: code))
    }

    @Test func aTemplateSaysEitherAnAmountOrAPart() throws {
        let both = ProjectTemplate.Milestone(key: "a", name: "A", offsetDays: 0, amountMinor: 1, share: .one)
        let rejection = #expect(throws: Rejection.self) { try ProjectTemplate(milestones: [both], tasks: []) }
        #expect(rejection?.kind == .invalid(pointer: "/milestones_template/0/percent", code: "ambiguous"))
        let parts = [
            ProjectTemplate.Milestone(key: "a", name: "A", offsetDays: 0, share: Self.percent("50")),
            ProjectTemplate.Milestone(key: "b", name: "B", offsetDays: 0, amountMinor: 7),
        ]
        let template = try ProjectTemplate(milestones: parts, tasks: [])
        let start = try #require(LocalDate("2026-12-01"))
        let identifier = { Identifier(high: 1, low: 1) }
        let known = try template.plan(startingOn: start, totalMinor: 1_000, identifier: identifier)
        #expect(known.milestones.map(\.amountMinor) == [500, 7])
        let unknown = try template.plan(startingOn: start, identifier: identifier)
        #expect(unknown.milestones.map(\.amountMinor) == [nil, 7])
    }
}

/// Numbers that are the same for the same seed.
private struct Steps: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state ^= self.state << 13
        self.state ^= self.state >> 7
        self.state ^= self.state << 17
        return self.state
    }
}
