internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ProjectTests {
    @Test func isMadeEmptyWithinTheStoryOfItsEngagement() async throws {
        try await World.run { world in
            let contract = world.contract()
            let engagement = try #require(try await world.receive(contract).first).aggregateID
            let project = try await world.create(
                "project",
                ["engagement_id": .string(engagement.description), "name": "Build", "custom_fields": ["tier": "a"]]
            )
            #expect(project["status"] == "not_started")
            #expect(project["custom_fields"]?["tier"] == "a")
            #expect(project["starts_on"] == .null)
            let event = try #require(try await world.service.events("project.created").first)
            #expect(event.correlation == contract.correlation)
            #expect(event.engagement == engagement)
        }
    }

    @Test func isMadeFromATemplateWithDatesFromItsStart() async throws {
        try await World.run { world in
            let template = try await world.id("project_template", World.template)
            let engagement = try await world.engagement()
            let project = try await world.id(
                "project",
                [
                    "engagement_id": .string(engagement), "name": "Portal", "project_template_id": .string(template),
                    "starts_on": "2027-01-30",
                ]
            )
            let milestones = try await world.service.json(
                "delivery.milestone.list/1",
                ["project_id": project, "sort": "created_at"]
            )
            #expect(milestones["data"]?.array?.map { $0["due_on"] } == ["2027-02-01", "2027-03-01"])
            #expect(milestones["data"]?.array?.map { $0["amount_minor"] } == [.null, 500_000])
            let tasks = try await world.service.json(
                "delivery.task.list/1",
                ["project_id": project, "sort": "created_at"]
            )
            let rows = tasks["data"]?.array ?? []
            #expect(rows.map { $0["name"] } == ["Agree on goals", "Build", "Hand over"])
            #expect(rows.map { $0["start_on"] } == ["2027-01-30", "2027-02-02", "2027-02-25"])
            #expect(rows.last?["depends_on"] == .array([rows[1]["id"] ?? .null]))
            let projectEvent = try #require(try await world.service.events("project.created").first)
            #expect(try await world.service.events("task.created").allSatisfy { $0.causation == projectEvent.id })
        }
    }

    @Test func namesWhatIsUnknown() async throws {
        try await World.run { world in
            let unknown = JSON.string(Identifier.random().description)
            let engagement = try await world.engagement()
            let orphan = await world.service.refusal(
                "delivery.project.create/1",
                body: ["engagement_id": unknown, "name": "X"]
            )
            #expect(orphan?.problems.first?.pointer == "/engagement_id")
            let shapeless = await world.service.refusal(
                "delivery.project.create/1",
                body: ["engagement_id": .string(engagement), "name": "X", "project_template_id": unknown]
            )
            #expect(shapeless?.problems.first?.pointer == "/project_template_id")
            let foreign = await world.service.refusal(
                "delivery.project.create/1",
                body: ["engagement_id": .string(engagement), "name": "X"],
                as: world.service.stranger
            )
            #expect(foreign?.problems.first?.code == "unknown_reference")
        }
    }

    /// Every verb from every state: it moves where the machine says so, and is refused everywhere else.
    @Test(arguments: Project.Status.allCases)
    func movesAsItsMachineSays(status: Project.Status) async throws {
        let verbs: [(String, [Project.Status], Project.Status)] = [
            ("start", [.notStarted], .inProgress), ("hold", [.inProgress], .onHold), ("resume", [.onHold], .inProgress),
            ("complete", [.inProgress], .completed),
            ("cancel", [.notStarted, .inProgress, .onHold, .completed], .cancelled),
        ]
        try await World.run { world in
            let engagement = try await world.engagement()
            for (verb, sources, target) in verbs {
                let id = try await world.project(in: engagement)
                for step in Self.path(to: status) { try await world.post("project.\(step)", id, because: "Because.") }
                if sources.contains(status) {
                    #expect(
                        try await world.post("project.\(verb)", id, because: "Because.")["status"]
                            == .string(target.rawValue)
                    )
                } else {
                    let fault = await world.refusal("project.\(verb)", id, because: "Because.")
                    #expect(fault?.code == .invalidTransition, "\(status) \(verb)")
                    #expect(fault?.members["from"] == .string(status.rawValue))
                }
            }
        }
    }

    private static func path(to status: Project.Status) -> [String] {
        switch status {
        case .notStarted: []
        case .inProgress: ["start"]
        case .completed: ["start", "complete"]
        case .onHold: ["start", "hold"]
        case .cancelled: ["cancel"]
        }
    }

    @Test func takesItsWorkWithItWhenItIsDeleted() async throws {
        try await World.run { world in
            let project = try await world.project()
            let task = try await world.task("Write", in: project)
            let milestone = try await world.id("milestone", ["project_id": .string(project), "name": "Done"])
            _ = try await world.service.call("delivery.project.delete/1", ["id": project])
            for (name, id) in [("project", project), ("task", task), ("milestone", milestone)] {
                #expect(await world.service.refusal("delivery.\(name).get/1", ["id": id])?.code == .notFound)
            }
            world.service.clock.advance(bySeconds: 1)
            let alone = await world.service.refusal("delivery.task.restore/1", ["id": task])
            #expect(alone?.problems.map(\.pointer) == ["/project_id"])
            _ = try await world.service.json("delivery.project.restore/1", ["id": project])
            for (name, id) in [("project", project), ("task", task), ("milestone", milestone)] {
                #expect(try await world.service.json("delivery.\(name).get/1", ["id": id])["version"] == 3)
                #expect(try await world.service.events("\(name).restored").map(\.aggregateVersion) == [3])
            }
            _ = try await world.service.call("delivery.project.delete/1", ["id": project])
            let late = await world.service.refusal(
                "delivery.task.create/1",
                body: ["project_id": .string(project), "name": "X"]
            )
            #expect(late?.problems.first?.pointer == "/project_id")
        }
    }

    @Test func shiftsWhatIsOpenAndLeavesWhatIsDone() async throws {
        try await World.run { world in
            let template = try await world.id("project_template", World.template)
            let engagement = try await world.engagement()
            let project = try await world.id(
                "project",
                [
                    "engagement_id": .string(engagement), "name": "Portal", "project_template_id": .string(template),
                    "starts_on": "2027-01-01",
                ]
            )
            let sorted = ["project_id": project, "sort": "created_at"]
            let kickoff = try await world.service.json("delivery.milestone.list/1", sorted)["data"]?.array?.first?[
                "id"
            ]?.string
            try await world.post("milestone.complete", try #require(kickoff))
            let shifted = try await world.service.json(
                "delivery.project.shift/1",
                ["id": project],
                body: ["starts_on": "2027-01-11"]
            )
            #expect(shifted["starts_on"] == "2027-01-11")
            #expect(shifted["due_on"] == "2027-02-10")
            let milestones = try await world.service.json("delivery.milestone.list/1", sorted)["data"]?.array ?? []
            #expect(milestones.map { $0["due_on"] } == ["2027-01-03", "2027-02-10"])
            let tasks = try await world.service.json("delivery.task.list/1", sorted)["data"]?.array ?? []
            #expect(tasks.map { $0["start_on"] } == ["2027-01-11", "2027-01-14", "2027-02-06"])
            let event = try #require(try await world.service.events("project.shifted").first)
            #expect(try JSON(parsing: event.payload)["days"] == 10)
            // Each row that moved says so, with its version and as it is now.
            for (name, rows) in [("milestone", Array(milestones.suffix(1))), ("task", tasks)] {
                let events = try await world.service.events("\(name).updated")
                #expect(Set(events.map(\.aggregateID.description)) == Set(rows.compactMap { $0["id"]?.string }))
                #expect(events.allSatisfy { $0.aggregateVersion == 2 && $0.causation == event.id })
                let told = try events.map { try JSON(parsing: $0.payload)["data"] ?? .null }
                #expect(rows.allSatisfy(told.contains))
            }
            let empty = try await world.project(in: engagement)
            let fault = await world.service.refusal(
                "delivery.project.shift/1",
                ["id": empty],
                body: ["starts_on": "2027-01-11"]
            )
            #expect(fault?.problems.first?.code == "no_start")
        }
    }
}
