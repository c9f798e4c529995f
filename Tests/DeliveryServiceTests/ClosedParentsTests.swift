internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import TestKit
internal import Testing
internal import Vocabulary

/// Which verbs and edits each state of the engagement and the project around them lets through.
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
                try await self.set(engagement, "engagement", status.rawValue, in: world)
                for (verb, from, step) in Self.projectVerbs {
                    try await self.set(project, "project", from.rawValue, in: world)
                    try await self.expect("project.\(verb)", project, allowed.contains(step), status, nil, world)
                }
                try await self.set(project, "project", Project.Status.inProgress.rawValue, in: world)
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
            try await self.set(engagement, "engagement", status.rawValue, in: world)
            for (projectStatus, ofProject) in Self.projects {
                let allowed = ofEngagement.intersection(ofProject)
                try await self.set(project, "project", projectStatus.rawValue, in: world)
                for (verb, from, step) in Self.taskVerbs {
                    try await self.set(task, "task", from.rawValue, in: world)
                    try await self.expect("task.\(verb)", task, allowed.contains(step), status, projectStatus, world)
                }
                for (verb, step) in Self.milestoneVerbs {
                    try await self.set(milestone, "milestone", Milestone.Status.open.rawValue, in: world)
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

    /// What is planned stays; a word may still be put right.
    @Test func aTaskOfClosedWorkIsNotPlannedAnew() async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            let task = try await world.task("Wriet", in: project)
            try await world.post("engagement.cancel", engagement, because: "Over.")
            let plans: [JSON] = [
                ["priority": "urgent"], ["due_on": "2027-01-01"], ["start_on": "2027-01-01"], ["depends_on": []],
                ["assignee_id": .null], ["milestone_id": .null],
            ]
            for plan in plans {
                let fault = await world.service.refusal("delivery.task.change/1", ["id": task], body: plan, ifMatch: 1)
                #expect(fault?.problems.map(\.code) == ["engagement_closed"], "\(plan)")
            }
            let fixed = try await world.service.json(
                "delivery.task.change/1",
                ["id": task],
                body: ["name": "Write"],
                ifMatch: 1
            )
            #expect(fixed["name"] == "Write")
        }
    }

    private static let cancelling: SQL = """
        UPDATE engagement SET status = 'cancelled', closed_at = now() WHERE organization_id = $1 AND id = $2 RETURNING id
        """
    private static let waiting: SQL = """
        SELECT pid FROM pg_locks
        WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())
        """

    /// A verb that begins while the engagement is being closed waits, and then reads that it is.
    @Test func aMoveWaitsForTheEngagementsOwn() async throws {
        try await World.run { world in
            let engagement = try await world.engagement()
            let project = try await world.project(in: engagement)
            let isPending = World.Toggle()
            let service = world.service
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await service.database.transaction(.organization(service.organization)) { transaction in
                        _ = try transaction.query(Self.cancelling, [.uuid(service.organization), .text(engagement)])
                        isPending.set(false)
                        // It ends once the other is seen to wait, or after five seconds if that never comes.
                        for _ in 0..<500 {
                            guard try transaction.query(Self.waiting).isEmpty else { return }
                            _ = try transaction.query("SELECT pg_sleep(0.01)")
                        }
                    }
                }
                try await eventually("the engagement is being cancelled") { !isPending.isOn }
                let fault = await world.refusal("project.start", project)
                #expect(fault?.problems.map(\.code) == ["engagement_closed"])
                try await group.waitForAll()
            }
        }
    }

    // MARK: - Steps

    /// Puts a row into a state without asking its machine: every pair is looked at, those that no sequence of verbs reaches too.
    private func set(_ id: String, _ table: SQL, _ status: String, in world: World) async throws {
        let service = world.service
        let closing: SQL =
            table == "task"
            ? "completed_at = CASE WHEN $3 = 'completed' THEN now() END"
            : "closed_at = CASE WHEN $3 IN ('completed', 'cancelled') THEN now() END"
        try await service.database.transaction(.organization(service.organization)) { transaction in
            try transaction.queue(
                "UPDATE " + table + " SET status = $3, " + closing + " WHERE organization_id = $1 AND id = $2",
                [.uuid(service.organization), .text(id), .text(status)]
            )
        }
    }

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
