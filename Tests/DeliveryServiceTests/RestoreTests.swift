internal import Contracts
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct RestoreTests {
    /// Deletes a row and answers the refusal of its restoration, or its version where it came back.
    private static func deleted(
        _ name: String,
        _ id: String,
        in world: World,
        then: () async throws -> Void = {}
    )
        async throws -> Fault?
    {
        _ = try await world.service.call("delivery.\(name).delete/1", ["id": id])
        world.service.clock.advance(bySeconds: 1)
        try await then()
        do throws(Fault) {
            let reply = try await world.service.call("delivery.\(name).restore/1", ["id": id])
            #expect(reply.status == 200)
            return nil
        } catch {
            return error
        }
    }

    @Test func `What was deleted by itself comes back by itself`() async throws {
        try await World.run { world in
            let project = try await world.project()
            let first = try await world.task("First", in: project)
            let second = try await world.task("Second", in: project, after: [first])
            let milestone = try await world.id("milestone", ["project_id": .string(project), "name": "Done"])
            #expect(try await Self.deleted("task", second, in: world) == nil)
            #expect(try await world.service.json("delivery.task.get/1", ["id": second])["depends_on"] == [])
            #expect(try await Self.deleted("milestone", milestone, in: world) == nil)
            #expect(try await world.service.json("delivery.milestone.get/1", ["id": milestone])["version"] == 3)
        }
    }

    @Test(arguments: ["milestone", "task"])
    func `Open work does not come back into a closed project, what is over does`(name: String) async throws {
        try await World.run { world in
            let project = try await world.project()
            let open = try await world.id(name, ["project_id": .string(project), "name": "Open"])
            let over = try await world.id(name, ["project_id": .string(project), "name": "Over"])
            try await world.post("\(name).cancel", over, because: "No need.")
            _ = try await world.service.call("delivery.\(name).delete/1", ["id": over])
            let fault = try await Self.deleted(name, open, in: world) {
                try await world.post("project.cancel", project, because: "Over.")
            }
            #expect(fault?.problems.map(\.code) == ["project_closed"])
            #expect(try await world.service.json("delivery.\(name).restore/1", ["id": over])["status"] == "cancelled")
        }
    }

    @Test func `An open project does not come back into a closed engagement`() async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            let fault = try await Self.deleted("project", project, in: world) {
                try await world.post("engagement.cancel", engagement, because: "Over.")
            }
            #expect(fault?.problems.map(\.code) == ["engagement_closed"])
            #expect(await world.service.refusal("delivery.project.get/1", ["id": project])?.code == .notFound)
        }
    }

    /// What ended with work still open may not bring that work back where the engagement is closed.
    @Test(arguments: ["milestone", "task"])
    func `A finished project comes back into a closed engagement without unfinished work only`(
        name: String
    ) async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let unfinished = try await world.project(in: engagement)
            _ = try await world.id(name, ["project_id": .string(unfinished), "name": "Open"])
            let finished = try await world.project(in: engagement)
            let over = try await world.id(name, ["project_id": .string(finished), "name": "Over"])
            try await world.post("\(name).cancel", over, because: "No need.")
            let before = try await world.id(name, ["project_id": .string(finished), "name": "Deleted before"])
            _ = try await world.service.call("delivery.\(name).delete/1", ["id": before])
            world.service.clock.advance(bySeconds: 1)
            for project in [unfinished, finished] {
                try await world.post("project.cancel", project, because: "Over.")
                _ = try await world.service.call("delivery.project.delete/1", ["id": project])
            }
            try await world.post("engagement.cancel", engagement, because: "Over.")
            let fault = await world.service.refusal("delivery.project.restore/1", ["id": unfinished])
            #expect(fault?.problems.map(\.code) == ["engagement_closed"])
            let back = try await world.service.json("delivery.project.restore/1", ["id": finished])
            #expect(back["status"] == "cancelled")
            #expect(try await world.service.json("delivery.\(name).get/1", ["id": over])["status"] == "cancelled")
        }
    }

    @Test func `A task comes back after its milestone`() async throws {
        try await World.run { world in
            let project = try await world.project()
            let milestone = try await world.id("milestone", ["project_id": .string(project), "name": "Done"])
            let task = try await world.id(
                "task",
                ["project_id": .string(project), "name": "X", "milestone_id": .string(milestone)]
            )
            let fault = try await Self.deleted("task", task, in: world) {
                _ = try await world.service.call("delivery.milestone.delete/1", ["id": milestone])
            }
            #expect(fault?.problems.map(\.pointer) == ["/milestone_id"])
            _ = try await world.service.json("delivery.milestone.restore/1", ["id": milestone])
            let back = try await world.service.json("delivery.task.restore/1", ["id": task])
            #expect(back["milestone_id"] == .string(milestone))
        }
    }
}
