internal import Contracts
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ProjectTemplateTests {
    @Test func showsEveryMemberOfItsParts() async throws {
        try await World.run { world in
            let template = try await world.create("project_template", World.template)
            let milestone = try #require(template["milestones_template"]?.array?.first)
            #expect(milestone["amount_minor"] == .null)
            let task = try #require(template["tasks_template"]?.array?.first)
            #expect(task["priority"] == "medium")
            #expect(task["depends_on"] == [])
        }
    }

    @Test(
        arguments: [
            (
                #"[{"key":"a","name":"A","due_offset_days":1,"depends_on":["b"]}]"#, "/tasks_template/0/depends_on",
                "unknown"
            ),
            (
                #"[{"key":"a","name":"A","due_offset_days":1,"depends_on":["a"]}]"#, "/tasks_template/0/depends_on",
                "cycle"
            ),
            (
                #"[{"key":"a","name":"A","due_offset_days":1,"milestone_key":"m"}]"#, "/tasks_template/0/milestone_key",
                "unknown"
            ),
            (
                #"[{"key":"a","name":"A","due_offset_days":1,"start_offset_days":2}]"#,
                "/tasks_template/0/due_offset_days",
                "before_start"
            ),
            (#"[{"key":"a","name":"A","due_offset_days":-1}]"#, "/tasks_template/0/due_offset_days", "out_of_range"),
            (
                #"[{"key":"a","name":"A","due_offset_days":1},{"key":"a","name":"B","due_offset_days":1}]"#,
                "/tasks_template/1/key", "duplicate"
            ),
        ]
    )
    func namesWhatDoesNotFit(tasks: String, pointer: String, code: String) async throws {
        try await World.run { world in
            let body: JSON = ["name": "T", "tasks_template": try JSON(parsing: Array(tasks.utf8))]
            let fault = await world.service.refusal("delivery.project_template.create/1", body: body)
            #expect(fault?.problems.first?.pointer == pointer)
            #expect(fault?.problems.first?.code == code)
        }
    }

    @Test func aChangeOfOnePartMustFitTheOther() async throws {
        try await World.run { world in
            let id = try await world.id("project_template", World.template)
            let fault = await world.service.refusal(
                "delivery.project_template.change/1",
                ["id": id],
                body: ["milestones_template": []],
                ifMatch: 1
            )
            #expect(fault?.problems.first?.pointer == "/tasks_template/0/milestone_key")
            let changed = try await world.service.json(
                "delivery.project_template.change/1",
                ["id": id],
                body: ["tasks_template": [["key": "only", "name": "Only", "due_offset_days": 4]]],
                ifMatch: 1
            )
            #expect(changed["tasks_template"]?.array?.count == 1)
            #expect(changed["milestones_template"]?.array?.count == 2)
        }
    }

    @Test func aDeletedOneIsNotUsed() async throws {
        try await World.run { world in
            let id = try await world.id("project_template", World.template)
            _ = try await world.service.call("delivery.project_template.delete/1", ["id": id])
            let made = try await world.receive(world.contract(template: id))
            #expect(made.map(\.type) == ["engagement.created", "engagement.activated"])
            let restored = try await world.service.json("delivery.project_template.restore/1", ["id": id])
            #expect(restored["id"] == .string(id))
        }
    }
}
