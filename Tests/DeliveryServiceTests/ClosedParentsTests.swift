internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

/// Which verbs and new rows each state of the engagement and the project around them lets through.
@Suite struct ClosedParentsTests {
    /// The state of an engagement, and the steps that it lets through.
    static let engagements: [(Engagement.Status, Set<WorkStep>)] = [
        (.active, [.plan, .begin, .finish, .callOff]), (.onHold, [.plan, .finish, .callOff]), (.completed, [.callOff]),
        (.cancelled, [.callOff]),
    ]
    static let projects: [(Project.Status, Set<WorkStep>)] = [
        (.notStarted, [.plan, .begin, .finish, .callOff]), (.inProgress, [.plan, .begin, .finish, .callOff]),
        (.onHold, [.plan, .finish, .callOff]), (.completed, [.finish, .callOff]), (.cancelled, [.callOff]),
    ]
    /// Each verb, the state it leads from, and what it means to what is around.
    static let projectVerbs: [(String, Project.Status, WorkStep)] = [
        ("start", .notStarted, .begin), ("hold", .inProgress, .plan), ("resume", .onHold, .begin),
        ("complete", .inProgress, .finish), ("cancel", .inProgress, .callOff), ("cancel", .completed, .callOff),
    ]
    static let taskVerbs: [(String, WorkTask.Status, WorkStep)] = [
        ("start", .todo, .begin), ("submit", .inProgress, .finish), ("complete", .review, .finish),
        ("reopen", .completed, .begin), ("cancel", .inProgress, .callOff),
    ]
    static let milestoneVerbs: [(String, WorkStep)] = [("complete", .finish), ("cancel", .callOff)]

    @Test func aProjectMovesAsItsEngagementAllows() async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            for (status, allowed) in Self.engagements {
                try await world.put(engagement, "engagement", status.rawValue)
                for (verb, from, step) in Self.projectVerbs {
                    try await world.put(project, "project", from.rawValue)
                    try await self.expect("project.\(verb)", project, allowed.contains(step), status, nil, world)
                }
                try await world.put(project, "project", Project.Status.inProgress.rawValue)
                let shift: JSON = ["starts_on": "2027-01-11"]
                let fault = await world.service.refusal("delivery.project.shift/1", ["id": project], body: shift)
                // It has no start to count from, which is asked after what is around it.
                #expect(fault?.problems.first?.code == (allowed.contains(.plan) ? "no_start" : "engagement_closed"))
            }
        }
    }

    @Test(arguments: engagements.map(\.0))
    func tasksAndMilestonesMoveAsBothAroundThemAllow(engagement status: Engagement.Status) async throws {
        let ofEngagement = try #require(Self.engagements.first { $0.0 == status }).1
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            let task = try await world.task("Write", in: project)
            let milestone = try await world.id("milestone", ["project_id": .string(project), "name": "Done"])
            try await world.put(engagement, "engagement", status.rawValue)
            for (projectStatus, ofProject) in Self.projects {
                let allowed = ofEngagement.intersection(ofProject)
                try await world.put(project, "project", projectStatus.rawValue)
                for (verb, from, step) in Self.taskVerbs {
                    try await world.put(task, "task", from.rawValue)
                    try await self.expect("task.\(verb)", task, allowed.contains(step), status, projectStatus, world)
                }
                for (verb, step) in Self.milestoneVerbs {
                    try await world.put(milestone, "milestone", Milestone.Status.open.rawValue)
                    let isAllowed = allowed.contains(step)
                    try await self.expect("milestone.\(verb)", milestone, isAllowed, status, projectStatus, world)
                }
                for (name, body): (String, JSON) in [
                    ("task", ["project_id": .string(project), "name": "Late"]),
                    ("milestone", ["project_id": .string(project), "name": "Late"]),
                ] {
                    let fault = await self.fault { _ = try await world.create(name, body) }
                    #expect((fault == nil) == allowed.contains(.plan), "\(name) in \(status) \(projectStatus)")
                }
            }
        }
    }

    /// A verb that begins while the engagement is being closed waits, and then reads that it is.
    @Test func aMoveWaitsForTheEngagementsOwn() async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            try await world.whileCancelling(engagement) {
                let fault = await world.refusal("project.start", project)
                #expect(fault?.problems.map(\.code) == ["engagement_closed"])
            }
        }
    }

    // MARK: - Steps

    private func fault(of act: () async throws -> Void) async -> Fault? {
        do {
            try await act()
        } catch {
            #expect(error is Fault)
            return error as? Fault
        }
        return nil
    }

    private func expect(
        _ verb: String,
        _ id: String,
        _ isAllowed: Bool,
        _ engagement: Engagement.Status,
        _ project: Project.Status?,
        _ world: World
    ) async throws {
        let fault = await self.fault { try await world.post(verb, id, because: "Because.") }
        let around = "\(verb) in \(engagement) \(project?.rawValue ?? "")"
        guard !isAllowed else {
            #expect(fault == nil, "\(around): \(String(describing: fault))")
            return
        }
        let codes: Set = ["engagement_closed", "engagement_on_hold", "project_closed", "project_on_hold"]
        #expect(fault?.code == .conflict, "\(around)")
        #expect(codes.isSuperset(of: fault?.problems.map(\.code) ?? [""]), "\(around)")
    }
}
