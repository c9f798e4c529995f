internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct MilestoneTests {
    private func milestone(_ world: World, in project: String) async throws -> String {
        try await world.id(
            "milestone",
            ["project_id": .string(project), "name": "First release", "amount_minor": 500_000, "due_on": "2027-01-31"]
        )
    }

    @Test func itsCompletionSaysWhatToBill() async throws {
        try await World.run { world in
            let project = try await world.project()
            let id = try await self.milestone(world, in: project)
            let completed = try await world.post("milestone.complete", id)
            #expect(completed["status"] == "completed")
            let event = try #require(try await world.service.events("milestone.completed").first)
            let data = try JSON(parsing: event.payload)["data"]
            #expect(data?["amount_minor"] == 500_000)
            #expect(data?["currency"] == "EUR")
            #expect(data?["engagement_id"]?.string == event.engagement?.description)
            #expect(await world.refusal("milestone.complete", id)?.code == .invalidTransition)
            #expect(await world.refusal("milestone.cancel", id, because: "No.")?.code == .invalidTransition)
            let amount = await world.service.refusal(
                "delivery.milestone.change/1",
                ["id": id],
                body: ["amount_minor": 1],
                ifMatch: 2
            )
            #expect(amount?.problems.first?.code == "milestone_closed")
            let deletion = await world.service.refusal("delivery.milestone.delete/1", ["id": id])
            #expect(deletion?.problems.first?.code == "milestone_completed")
        }
    }

    @Test func billsAPartOfTheEngagementsTotal() async throws {
        try await World.run { world in
            // The engagement comes to 12,000.00.
            let project = try await world.project()
            let milestone = try await world.create(
                "milestone",
                ["project_id": .string(project), "name": "Design", "percent": "12.5"]
            )
            #expect(milestone["amount_minor"] == 150_000)
            #expect(milestone["percent"] == "12.5")
            let id = try #require(milestone["id"]?.string)
            let change: (JSON, Int64) async throws -> JSON = { body, version in
                try await world.service.json("delivery.milestone.change/1", ["id": id], body: body, ifMatch: version)
            }
            #expect(try await change(["percent": "25"], 1)["amount_minor"] == 300_000)
            let fixed = try await change(["amount_minor": 1], 2)
            #expect(fixed["percent"] == .null && fixed["amount_minor"] == 1)
            _ = try await change(["percent": "10"], 3)
            #expect(try await change(["percent": .null], 4)["amount_minor"] == .null)
            for body: JSON in [["percent": "10", "amount_minor": 1], ["percent": "100.5"], ["percent": "-1"]] {
                let fault = await world.service.refusal(
                    "delivery.milestone.change/1",
                    ["id": id],
                    body: body,
                    ifMatch: 5
                )
                #expect(fault?.problems.map(\.pointer) == ["/percent"])
            }
        }
    }

    @Test func isNotReachedInWorkThatWasCalledOff() async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let cancelled = try await world.project(in: engagement)
            let first = try await self.milestone(world, in: cancelled)
            let second = try await self.milestone(world, in: try await world.project(in: engagement))
            try await world.post("project.cancel", cancelled, because: "Over.")
            #expect(await world.refusal("milestone.complete", first)?.problems.map(\.code) == ["project_closed"])
            try await world.post("engagement.cancel", engagement, because: "Over.")
            #expect(await world.refusal("milestone.complete", second)?.problems.map(\.code) == ["engagement_closed"])
            #expect(try await world.service.events("milestone.completed").isEmpty)
        }
    }

    @Test func isCancelledWithAReason() async throws {
        try await World.run { world in
            let id = try await self.milestone(world, in: try await world.project())
            #expect(await world.refusal("milestone.cancel", id)?.problems.first?.pointer == "/reason")
            let cancelled = try await world.post("milestone.cancel", id, because: "Not needed.")
            #expect(cancelled["status"] == "cancelled")
            #expect(cancelled["status_reason"] == "Not needed.")
            #expect(await world.refusal("milestone.complete", id)?.members["allowed"] == [])
        }
    }

    @Test func itsTasksStayWhenItIsDeleted() async throws {
        try await World.run { world in
            let project = try await world.project()
            let id = try await self.milestone(world, in: project)
            let task = try await world.id(
                "task",
                ["project_id": .string(project), "name": "X", "milestone_id": .string(id)]
            )
            _ = try await world.service.call("delivery.milestone.delete/1", ["id": id])
            let left = try await world.service.json("delivery.task.get/1", ["id": task])
            #expect(left["milestone_id"] == .null)
            #expect(left["version"] == 2)
            let events = try await world.service.events("task.updated")
            #expect(events.map(\.aggregateID.description) == [task])
            #expect(events.map(\.aggregateVersion) == [2])
        }
    }

    @Test func keepsItsProjectOnceItIsCompleted() async throws {
        try await World.run { world in
            let project = try await world.project()
            let milestone = try await world.id("milestone", ["project_id": .string(project), "name": "Design"])
            let task = try await world.task("Draw", in: project)
            try await world.post("milestone.complete", milestone)
            let before = try await world.service.events().count
            let fault = await world.service.refusal("delivery.project.delete/1", ["id": project])
            #expect(fault?.code == .conflict)
            #expect(fault?.members["in_the_way"]?.array?.map { $0["id"] } == [.string(milestone)])
            for (name, id) in [("project", project), ("milestone", milestone), ("task", task)] {
                #expect(try await world.service.json("delivery.\(name).get/1", ["id": id])["id"] == .string(id))
            }
            #expect(try await world.service.events().count == before)
        }
    }

    @Test func belongsToAnOpenProject() async throws {
        try await World.run { world in
            let project = try await world.project()
            try await world.post("project.cancel", project, because: "Over.")
            let closed = await world.service.refusal(
                "delivery.milestone.create/1",
                body: ["project_id": .string(project), "name": "X"]
            )
            #expect(closed?.problems.first?.code == "project_closed")
            let unknown = await world.service.refusal(
                "delivery.milestone.create/1",
                body: ["project_id": .string(Identifier.random().description), "name": "X"]
            )
            #expect(unknown?.problems.first?.pointer == "/project_id")
        }
    }
}
