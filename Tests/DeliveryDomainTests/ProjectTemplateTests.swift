internal import DeliveryDomain
internal import Testing
internal import Vocabulary

private func identifiers() -> () -> Identifier {
    var next: UInt64 = 0
    return {
        next += 1
        return Identifier(high: 0xdead_beef, low: next)
    }
}

@Suite struct ProjectTemplateTests {
    private func template() throws -> ProjectTemplate {
        try ProjectTemplate(
            milestones: [.init(key: "kickoff", name: "Kick-off", offsetDays: 0, amountMinor: 5_000)],
            tasks: [
                .init(key: "build", name: "Build", startOffsetDays: 3, dueOffsetDays: 30, dependsOn: ["plan"]),
                .init(key: "plan", name: "Plan", milestoneKey: "kickoff", dueOffsetDays: 2, priority: .high),
            ]
        )
    }

    @Test func datesFollowFromTheStart() throws {
        let start = try #require(LocalDate("2028-02-27"))
        let plan = try self.template().plan(startingOn: start, identifier: identifiers())
        #expect(plan.milestones.map(\.dueOn.description) == ["2028-02-27"])
        #expect(plan.milestones.first?.amountMinor == 5_000)
        #expect(plan.tasks.map(\.startOn.description) == ["2028-03-01", "2028-02-27"])
        #expect(plan.tasks.map(\.dueOn.description) == ["2028-03-28", "2028-02-29"])
        #expect(plan.tasks[0].dependsOn == [plan.tasks[1].id])
        #expect(plan.tasks[1].milestoneID == plan.milestones[0].id && plan.tasks[0].milestoneID == nil)
        #expect(Set(plan.tasks.map(\.id) + plan.milestones.map(\.id)).count == 3)
    }

    @Test(
        arguments: [
            (
                [.init(key: "a", name: "A", dueOffsetDays: 1), .init(key: "a", name: "B", dueOffsetDays: 1)],
                "duplicate"
            ),
            ([.init(key: "a", name: "A", startOffsetDays: 2, dueOffsetDays: 1)], "before_start"),
            ([.init(key: "a", name: "A", dueOffsetDays: -1)], "out_of_range"),
            ([.init(key: "a", name: "A", dueOffsetDays: 3_651)], "out_of_range"),
            ([.init(key: "a", name: "A", milestoneKey: "x", dueOffsetDays: 1)], "unknown"),
            ([.init(key: "a", name: "A", dueOffsetDays: 1, dependsOn: ["x"])], "unknown"),
            ([.init(key: "a", name: "A", dueOffsetDays: 1, dependsOn: ["a"])], "cycle"),
            (
                [
                    .init(key: "a", name: "A", dueOffsetDays: 1, dependsOn: ["b"]),
                    .init(key: "b", name: "B", dueOffsetDays: 1, dependsOn: ["a"]),
                ], "cycle"
            ),
        ] as [([ProjectTemplate.Task], String)]
    )
    func refusesWhatCannotBePlanned(tasks: [ProjectTemplate.Task], code: String) {
        let rejection = #expect(throws: Rejection.self) { try ProjectTemplate(milestones: [], tasks: tasks) }
        guard case .invalid(_, code) = rejection?.kind else {
            Issue.record("expected \(code), got \(String(describing: rejection))")
            return
        }
    }

    @Test func bothLimitsHold() {
        let milestones = (0...ProjectTemplate.milestonesMax).map {
            ProjectTemplate.Milestone(key: "\($0)", name: "M", offsetDays: 0)
        }
        #expect(throws: Rejection.self) { try ProjectTemplate(milestones: milestones, tasks: []) }
        let tasks = (0...ProjectTemplate.tasksMax).map {
            ProjectTemplate.Task(key: "\($0)", name: "T", dueOffsetDays: 0)
        }
        #expect(throws: Rejection.self) { try ProjectTemplate(milestones: [], tasks: tasks) }
    }

    /// Adds random edges to a graph and holds it against an order: what it accepts can always be sorted.
    @Test(arguments: 0..<100 as Range<UInt64>)
    func aGraphNeverHoldsACycle(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        func random(_ bound: Int) -> Int {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Int(state % UInt64(bound))
        }
        var graph = DependencyGraph<Int>()
        var accepted: [(Int, Int)] = []
        for _ in 0..<60 {
            let (task, dependency) = (random(12), random(12))
            if (try? graph.add(task, dependsOn: dependency)) != nil { accepted.append((task, dependency)) }
        }
        var left = Set(0..<12)
        while let free = left.first(where: { graph.dependencies(of: $0).isDisjoint(with: left) }) {
            left.remove(free)
        }
        #expect(left.isEmpty)
        #expect(graph.edgeCount == Set(accepted.map { "\($0)-\($1)" }).count)
    }

    @Test func aRemovedEdgeFreesTheWay() throws {
        var graph = try DependencyGraph([(task: "a", dependency: "b"), (task: "b", dependency: "c")])
        #expect(throws: Rejection.self) { try graph.add("c", dependsOn: "a") }
        graph.remove("b", dependsOn: "c")
        try graph.add("c", dependsOn: "a")
        #expect(graph.reaches(from: "c", "b"))
    }
}
