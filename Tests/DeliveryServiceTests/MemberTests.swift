internal import Contracts
internal import Resources
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct MemberTests {
    @Test func `Work is led and done by members of the organization`() async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            let task = try await world.task("Build", in: project)
            let member = try await world.member()
            let stranger = Identifier.random().description
            let creations: [(name: String, field: String, body: JSONObject)] = [
                ("project", "owner_id", ["engagement_id": .string(engagement), "name": "Portal"]),
                ("task", "assignee_id", ["project_id": .string(project), "name": "Test"]),
            ]
            for (name, field, body) in creations {
                var body = body
                body[field] = .string(member)
                #expect(try await world.create(name, .object(body))[field] == .string(member))
                body[field] = .string(stranger)
                let fault = await world.service.refusal("delivery.\(name).create/1", body: .object(body))
                #expect(fault?.problems.map(\.pointer) == ["/\(field)"])
                #expect(fault?.problems.map(\.code) == ["unknown_reference"])
            }
            for (name, field, id) in [
                ("engagement", "owner_id", engagement), ("project", "owner_id", project), ("task", "assignee_id", task),
            ] {
                let changed = try await world.service.json(
                    "delivery.\(name).change/1",
                    ["id": id],
                    body: .object([field: .string(member)]),
                    ifMatch: 1
                )
                #expect(changed[field] == .string(member))
                let fault = await world.service.refusal(
                    "delivery.\(name).change/1",
                    ["id": id],
                    body: .object([field: .string(stranger)]),
                    ifMatch: 2
                )
                #expect(fault?.problems.map(\.pointer) == ["/\(field)"])
            }
            #expect(Set(world.caughtUp.producers) == ["identity"])
        }
    }

    @Test func `Who is kept out is given nothing, and keeps what they have`() async throws {
        try await World.run { world in
            let project = try await world.project(in: try await world.engagement())
            let task = try await world.task("Build", in: project)
            let member = try await world.member()
            func assign(_ version: Int64, _ body: JSON) async throws -> JSON {
                try await world.service.json("delivery.task.change/1", ["id": task], body: body, ifMatch: version)
            }
            func tell(_ type: String, _ version: Int64) async throws {
                let data: JSON = ["user_id": .string(Identifier.random().description), "role": "member"]
                _ = try await world.service.receive(
                    type,
                    from: "identity",
                    aggregate: try #require(Identifier(member)),
                    version: version,
                    payload: ["data": data],
                    world.handlers
                )
            }
            #expect(try await assign(1, ["assignee_id": .string(member)])["assignee_id"] == .string(member))
            try await tell("member.deactivated", 2)
            let renamed = try await assign(2, ["name": "Build it"])
            #expect(renamed["assignee_id"] == .string(member))
            let body: JSON = ["project_id": .string(project), "name": "Test", "assignee_id": .string(member)]
            let fault = await world.service.refusal("delivery.task.create/1", body: body)
            #expect(fault?.problems.map(\.code) == ["unknown_reference"])
            try await tell("member.reactivated", 3)
            #expect(try await world.create("task", body)["assignee_id"] == .string(member))
        }
    }
}
