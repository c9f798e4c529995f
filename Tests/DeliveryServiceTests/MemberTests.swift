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
}
