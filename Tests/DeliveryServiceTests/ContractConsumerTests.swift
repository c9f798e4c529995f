internal import Contracts
internal import EventLog
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

@Suite struct ContractConsumerTests {
    @Test func aContractAppliedTwiceMakesOneEngagementAndOneProject() async throws {
        try await World.run { world in
            let template = try await world.id("project_template", World.template)
            let contract = world.contract(template: template)
            let made = try await world.receive(contract)
            #expect(made.count == 8)
            #expect(try await world.receive(contract).isEmpty)
            let engagements = try await world.service.json(
                "delivery.engagement.list/1",
                ["contract_id": contract.aggregateID.description]
            )
            let engagement = try #require(engagements["data"]?.array?.first)
            #expect(engagements["data"]?.array?.count == 1)
            #expect(engagement["status"] == "active")
            #expect(engagement["name"] == "Website relaunch")
            #expect(engagement["starts_on"] == "2026-12-01")
            #expect(engagement["currency"] == "EUR")
            #expect(engagement["total_minor"] == 1_200_000)
            #expect(engagement["billing"] == World.billing)
            #expect(engagement["notes"] == .null)
            let id = try #require(engagement["id"]?.string)
            let projects = try await world.service.json("delivery.project.list/1", ["engagement_id": id])
            #expect(projects["data"]?.array?.count == 1)
            #expect(projects["data"]?.array?.first?["due_on"] == "2026-12-31")
        }
    }

    @Test func eventsTellWhatCausedWhat() async throws {
        try await World.run { world in
            let template = try await world.id("project_template", World.template)
            let contract = world.contract(template: template)
            let made = try await world.receive(contract)
            #expect(
                made.map(\.type) == [
                    "engagement.created", "engagement.activated", "project.created", "milestone.created",
                    "milestone.created",
                    "task.created", "task.created", "task.created",
                ]
            )
            let (created, activated, project) = (made[0], made[1], made[2])
            #expect(created.causation == contract.id)
            #expect(activated.causation == created.id)
            #expect(project.causation == created.id)
            #expect(made.dropFirst(3).allSatisfy { $0.causation == project.id })
            #expect(made.allSatisfy { $0.correlation == contract.correlation && $0.engagement == created.aggregateID })
            let payload = try JSON(parsing: activated.payload)
            #expect(payload["billing"] == World.billing)
            let data = try JSON(parsing: contract.payload)["data"]
            for name in ["client_company_id", "contact_id", "deal_id", "proposal_id"] {
                #expect(payload["data"]?[name] == data?[name], "\(name)")
            }
            #expect(payload["data"]?["contract_id"] == data?["id"])
            let last = try JSON(parsing: made[7].payload)["data"]
            #expect(last?["name"] == "Hand over")
            #expect(last?["start_on"] == "2026-12-27")
            #expect(last?["depends_on"] == .array([.string(made[6].aggregateID.description)]))
            #expect(last?["milestone_id"] == .string(made[4].aggregateID.description))
            #expect(try JSON(parsing: made[4].payload)["data"]?["currency"] == "EUR")
        }
    }

    @Test func aTemplateThatIsNotThereIsRecorded() async throws {
        try await World.run { world in
            let unknown = Identifier.random().description
            let made = try await world.receive(world.contract(template: unknown))
            #expect(made.map(\.type) == ["engagement.created", "engagement.activated"])
            let engagement = try JSON(parsing: made[0].payload)["data"]
            #expect(engagement?["project_template_id"] == .string(unknown))
            #expect(engagement?["notes"]?.string?.contains(unknown) == true)
        }
    }

    private static func carrying(_ template: JSON, _ world: World) throws -> EventRecord {
        var contract = world.contract()
        var payload = try #require(try JSON(parsing: contract.payload).object)
        var data = try #require(payload["data"]?.object)
        data["project_template"] = template
        payload["data"] = .object(data)
        contract.payload = JSON.object(payload).bytes
        return contract
    }

    @Test func aTemplateOfTheContractsOwnMakesTheProject() async throws {
        try await World.run { world in
            let contract = try Self.carrying(
                [
                    "name": "Relaunch",
                    "milestones": [
                        ["key": "m", "name": "Live", "offset_days": 30, "amount_minor": .null, "percent": "40"],
                        ["key": "n", "name": "Paid", "offset_days": 60, "percent": "60"],
                    ],
                    "tasks": [["key": "t", "name": "Build", "milestone_key": "m", "due_offset_days": 20]],
                ],
                world
            )
            let made = try await world.receive(contract)
            #expect(
                made.map(\.type) == [
                    "engagement.created", "engagement.activated", "project.created", "milestone.created",
                    "milestone.created", "task.created",
                ]
            )
            #expect(try await world.receive(contract).isEmpty)
            let rows = try made.map { try JSON(parsing: $0.payload)["data"] }
            #expect(rows[2]?["name"] == "Relaunch")
            #expect(rows[2]?["project_template_id"] == .null)
            #expect(rows[3...4].map { $0?["amount_minor"] } == [480_000, 720_000])
            #expect(rows[5]?["milestone_id"] == rows[3]?["id"])
        }
    }

    @Test func aTemplateThatCannotBeIsRecorded() async throws {
        try await World.run { world in
            let made = try await world.receive(
                try Self.carrying(
                    ["name": "X", "tasks": [["key": "a", "name": "A", "due_offset_days": 1, "depends_on": ["b"]]]],
                    world
                )
            )
            #expect(made.map(\.type) == ["engagement.created", "engagement.activated"])
            let notes = try JSON(parsing: made[0].payload)["data"]?["notes"]?.string
            #expect(notes?.contains("There is no such task.") == true)
        }
    }

    @Test func withoutATemplateThereIsNoProject() async throws {
        try await World.run { world in
            let made = try await world.receive(world.contract())
            #expect(made.map(\.type) == ["engagement.created", "engagement.activated"])
        }
    }

    /// 23:30 in UTC is the next day in Berlin.
    @Test func withoutAStartTheDayOfSigningCounts() async throws {
        try await World.run { world in
            try await world.service.receive(
                "organization.updated",
                from: "identity",
                version: 2,
                payload: ["data": ["name": "Firm", "time_zone": "Europe/Berlin", "currency": "EUR"]],
                world.handlers
            )
            // An older event that comes late changes nothing.
            try await world.service.receive(
                "organization.created",
                from: "identity",
                version: 1,
                payload: ["data": ["name": "Firm", "time_zone": "America/New_York", "currency": "USD"]],
                world.handlers
            )
            let made = try await world.receive(world.contract(startsOn: nil, signedAt: "2026-11-30T23:30:00Z"))
            #expect(try JSON(parsing: made[0].payload)["data"]?["starts_on"] == "2026-12-01")
        }
    }

    @Test func anotherOrganizationSeesNothingOfIt() async throws {
        try await World.run { world in
            let id = try await world.engagement()
            let fault = await world.service.refusal("delivery.engagement.get/1", ["id": id], as: world.service.stranger)
            let random = await world.service.refusal(
                "delivery.engagement.get/1",
                ["id": Identifier.random().description],
                as: world.service.stranger
            )
            #expect(fault?.code == .notFound)
            #expect(fault == random)
            let list = try await world.service.json("delivery.engagement.list/1", as: world.service.stranger)
            #expect(list["data"]?.array?.isEmpty == true)
        }
    }
}
