internal import Contracts
internal import DeliveryDomain
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct TaskTests {
    /// Every verb from every state: it moves where the machine says so, and is refused everywhere else.
    @Test(arguments: WorkTask.Status.allCases)
    func movesAsItsMachineSays(status: WorkTask.Status) async throws {
        let verbs: [(String, [WorkTask.Status], WorkTask.Status)] = [
            ("start", [.todo], .inProgress), ("submit", [.inProgress], .review), ("complete", [.review], .completed),
            ("reopen", [.completed], .inProgress), ("cancel", [.todo, .inProgress, .review, .completed], .cancelled),
        ]
        try await World.run { world in
            let project = try await world.project()
            for (verb, sources, target) in verbs {
                let id = try await world.task("Write", in: project)
                for step in Self.path(to: status) { try await world.post("task.\(step)", id) }
                let reason = ["reopen", "cancel"].contains(verb) ? "Because." : nil
                if sources.contains(status) {
                    let after = try await world.post("task.\(verb)", id, because: reason)
                    #expect(after["status"] == .string(target.rawValue))
                    #expect((after["completed_at"] == .null) == (target != .completed))
                } else {
                    let fault = await world.refusal("task.\(verb)", id, because: reason)
                    #expect(fault?.code == .invalidTransition, "\(status) \(verb)")
                    #expect(fault?.members["from"] == .string(status.rawValue))
                }
            }
        }
    }

    private static func path(to status: WorkTask.Status) -> [String] {
        switch status {
        case .todo: []
        case .inProgress: ["start"]
        case .review: ["start", "submit"]
        case .completed: ["start", "submit", "complete"]
        case .cancelled: ["cancel"]
        }
    }

    @Test func waitsForWhatItDependsOn() async throws {
        try await World.run { world in
            let project = try await world.project()
            let first = try await world.task("First", in: project)
            let dropped = try await world.task("Dropped", in: project)
            let last = try await world.task("Last", in: project, after: [first, dropped])
            let fault = await world.refusal("task.start", last)
            #expect(fault?.code == .conflict)
            #expect(fault?.problems.first?.code == "dependencies_unfinished")
            for verb in ["start", "submit", "complete"] { try await world.post("task.\(verb)", first) }
            try await world.post("task.cancel", dropped)
            #expect(try await world.post("task.start", last)["status"] == "in_progress")
        }
    }

    @Test func dependenciesNeverFormACircle() async throws {
        try await World.run { world in
            let project = try await world.project()
            let a = try await world.task("A", in: project)
            let b = try await world.task("B", in: project, after: [a])
            let c = try await world.task("C", in: project, after: [b])
            for (task, dependency) in [(a, c), (a, b), (b, c), (a, a)] {
                let fault = await world.service.refusal(
                    "delivery.task.change/1",
                    ["id": task],
                    body: ["depends_on": [.string(dependency)]],
                    ifMatch: 1
                )
                #expect(fault?.problems.first?.pointer == "/depends_on")
                #expect(fault?.problems.first?.code == "cycle")
            }
            // Once B waits for nothing, A may wait for B.
            let freed = try await world.service.json(
                "delivery.task.change/1",
                ["id": b],
                body: ["depends_on": []],
                ifMatch: 1
            )
            #expect(freed["depends_on"] == [])
            #expect(freed["version"] == 2)
            let turned = try await world.service.json(
                "delivery.task.change/1",
                ["id": a],
                body: ["depends_on": [.string(b)]],
                ifMatch: 1
            )
            #expect(turned["depends_on"] == [.string(b)])
            let event = try #require(try await world.service.events("task.updated").last)
            #expect(try JSON(parsing: event.payload)["previous"]?["depends_on"] == [])
        }
    }

    /// Two changes that are each sound and together a circle: one of them must be refused.
    @Test func concurrentChangesCannotCloseACircleTogether() async throws {
        try await World.run { world in
            let project = try await world.project()
            for _ in 0..<5 {
                let a = try await world.task("A", in: project)
                let b = try await world.task("B", in: project)
                let service = world.service
                let faults = await withTaskGroup(of: Fault?.self) { group in
                    for (task, dependency) in [(a, b), (b, a)] {
                        group.addTask {
                            do throws(Fault) {
                                _ = try await service.call(
                                    "delivery.task.change/1",
                                    ["id": task],
                                    body: ["depends_on": [.string(dependency)]],
                                    ifMatch: 1
                                )
                                return nil
                            } catch {
                                return error
                            }
                        }
                    }
                    return await group.reduce(into: [Fault]()) { faults, fault in
                        if let fault { faults.append(fault) }
                    }
                }
                #expect(faults.map { $0.problems.first?.code } == ["cycle"])
            }
        }
    }

    @Test func dependsOnTasksAndMilestonesOfItsOwnProjectOnly() async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let (here, there) = (try await world.project(in: engagement), try await world.project(in: engagement))
            let elsewhere = try await world.task("Elsewhere", in: there)
            let milestone = try await world.id("milestone", ["project_id": .string(there), "name": "M"])
            let first = await world.service.refusal(
                "delivery.task.create/1",
                body: ["project_id": .string(here), "name": "X", "depends_on": [.string(elsewhere)]]
            )
            #expect(first?.problems.first?.pointer == "/depends_on/0")
            let second = await world.service.refusal(
                "delivery.task.create/1",
                body: ["project_id": .string(here), "name": "X", "milestone_id": .string(milestone)]
            )
            #expect(second?.problems.first?.pointer == "/milestone_id")
            let mine = try await world.task("Mine", in: here)
            let third = await world.service.refusal(
                "delivery.task.change/1",
                ["id": mine],
                body: ["milestone_id": .string(milestone)],
                ifMatch: 1
            )
            #expect(third?.problems.first?.code == "unknown_reference")
            let dates = await world.service.refusal(
                "delivery.task.change/1",
                ["id": mine],
                body: ["start_on": "2027-01-02", "due_on": "2027-01-01"],
                ifMatch: 1
            )
            #expect(dates?.problems.first?.pointer == "/due_on")
        }
    }

    @Test func isFoundByProjectStatusAssigneeAndMilestone() async throws {
        try await World.run { world in
            let project = try await world.project()
            let milestone = try await world.id("milestone", ["project_id": .string(project), "name": "M"])
            let assignee = try await world.member()
            let id = try await world.id(
                "task",
                [
                    "project_id": .string(project), "name": "Mine", "assignee_id": .string(assignee),
                    "milestone_id": .string(milestone), "priority": "urgent",
                ]
            )
            _ = try await world.task("Other", in: project)
            try await world.post("task.start", id)
            for filter in [
                ["status": "in_progress"], ["assignee_id": assignee], ["milestone_id": milestone],
                ["priority": "urgent"],
                ["status[in]": "in_progress,review", "project_id": project],
            ] {
                let page = try await world.service.json("delivery.task.list/1", filter)
                #expect(page["data"]?.array?.map { $0["id"] } == [.string(id)], "\(filter)")
            }
            #expect(
                try await world.service.json("delivery.task.list/1", ["project_id": project])["data"]?.array?.count == 2
            )
        }
    }

    @Test func isNotDeletedWhileOthersWaitForIt() async throws {
        try await World.run { world in
            let project = try await world.project()
            let first = try await world.task("First", in: project)
            let second = try await world.task("Second", in: project, after: [first])
            let fault = await world.service.refusal("delivery.task.delete/1", ["id": first])
            #expect(fault?.code == .conflict)
            #expect(fault?.members["in_the_way"] == [["type": "task", "id": .string(second)]])
            _ = try await world.service.call("delivery.task.delete/1", ["id": second])
            _ = try await world.service.call("delivery.task.delete/1", ["id": first])
            #expect(try await world.service.json("delivery.task.list/1")["data"]?.array?.isEmpty == true)
        }
    }

    @Test func isNotBegunInAClosedProject() async throws {
        try await World.run { world in
            let project = try await world.project()
            let task = try await world.task("Late", in: project)
            try await world.post("project.cancel", project, because: "Over.")
            #expect(await world.refusal("task.start", task)?.problems.first?.code == "project_closed")
            let fault = await world.service.refusal(
                "delivery.task.create/1",
                body: ["project_id": .string(project), "name": "X"]
            )
            #expect(fault?.problems.first?.code == "project_closed")
        }
    }

    @Test func isReopenedWithAReasonOnly() async throws {
        try await World.run { world in
            let project = try await world.project()
            let task = try await world.task("Write", in: project)
            for verb in ["start", "submit", "complete"] { try await world.post("task.\(verb)", task) }
            #expect(await world.refusal("task.reopen", task)?.problems.first?.pointer == "/reason")
            let reopened = try await world.post("task.reopen", task, because: "A page is missing.")
            #expect(reopened["status_reason"] == "A page is missing.")
        }
    }
}
