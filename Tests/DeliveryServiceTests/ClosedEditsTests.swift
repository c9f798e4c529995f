internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

/// What may still be changed by hand in each state of the engagement and the project around it.
@Suite struct ClosedEditsTests {
    /// What plans a row anew. What is planned stays where no work goes on; a word may still be put right.
    static let plans: [(String, [JSON])] = [
        ("project", [["starts_on": "2026-12-01"], ["due_on": "2027-01-01"]]),
        ("milestone", [["due_on": "2027-01-01"], ["amount_minor": 100], ["percent": "10"]]),
        (
            "task",
            [
                ["priority": "urgent"], ["due_on": "2027-01-01"], ["start_on": "2027-01-01"], ["depends_on": []],
                ["assignee_id": .null], ["milestone_id": .null],
            ]
        ),
    ]

    @Test(arguments: ClosedParentsTests.engagements.map(\.0))
    func `Work is planned anew only where there may be more of it`(engagement status: Engagement.Status) async throws {
        let ofEngagement = try #require(ClosedParentsTests.engagements.first { $0.0 == status }).1
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            let ids = [
                "project": project,
                "milestone": try await world.id("milestone", ["project_id": .string(project), "name": "Done"]),
                "task": try await world.task("Write", in: project),
            ]
            try await world.put(engagement, "engagement", status.rawValue)
            for (projectStatus, ofProject) in ClosedParentsTests.projects {
                try await world.put(project, "project", projectStatus.rawValue)
                let isAllowed = ofEngagement.intersection(ofProject).contains(.plan)
                let code = ofEngagement.contains(.plan) ? "project_closed" : "engagement_closed"
                let expected: [String]? = isAllowed ? nil : [code]
                for (name, plans) in Self.plans {
                    let id = try #require(ids[name])
                    for plan in plans {
                        let fault = try await Self.change(name, id, plan, in: world)
                        #expect(fault?.problems.map(\.code) == expected, "\(name) \(plan) \(status) \(projectStatus)")
                    }
                    let words: JSON = ["name": "Reworded", "description": "In other words."]
                    let fault = try await Self.change(name, id, words, in: world)
                    #expect(fault == nil, "\(name) \(status) \(projectStatus)")
                }
            }
        }
    }

    /// Who has not seen the latest version learns that first, and who names nothing that is there learns no more.
    @Test(arguments: ["project", "milestone", "task"])
    func `A closed engagement is looked at after the row itself`(name: String) async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            let id =
                if name == "project" { project } else {
                    try await world.id(name, ["project_id": .string(project), "name": "Late"])
                }
            try await world.put(engagement, "engagement", "cancelled")
            let change: (Int64) async -> Fault? = { version in
                await world.service.refusal(
                    "delivery.\(name).change/1",
                    ["id": id],
                    body: ["due_on": "2027-01-01"],
                    ifMatch: version
                )
            }
            #expect(await change(9)?.code == .stale)
            #expect(await change(1)?.code == .conflict)
            _ = try await world.service.call("delivery.\(name).delete/1", ["id": id])
            #expect(await change(2)?.code == .notFound)
        }
    }

    @Test(arguments: ["project", "milestone", "task"])
    func `A change waits for a move of the engagement that has begun`(name: String) async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            let id =
                if name == "project" { project } else {
                    try await world.id(name, ["project_id": .string(project), "name": "Late"])
                }
            try await world.whileCancelling(engagement) {
                let fault = await world.service.refusal(
                    "delivery.\(name).change/1",
                    ["id": id],
                    body: ["due_on": "2027-01-01"],
                    ifMatch: 1
                )
                #expect(fault?.problems.map(\.code) == ["engagement_closed"])
            }
        }
    }

    /// The refusal of a change of the latest version, or nothing where it was made.
    private static func change(_ name: String, _ id: String, _ body: JSON, in world: World) async throws -> Fault? {
        let version = try await world.service.call("delivery.\(name).get/1", ["id": id]).etag
        do throws(Fault) {
            _ = try await world.service.call("delivery.\(name).change/1", ["id": id], body: body, ifMatch: version)
            return nil
        } catch {
            return error
        }
    }
}
