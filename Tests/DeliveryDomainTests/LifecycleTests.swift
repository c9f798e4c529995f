internal import DeliveryDomain
internal import Testing
internal import Vocabulary

private let deadbeef = Identifier(high: 0xdead_beef, low: 1)
private let now = Instant(microseconds: 5)

@Suite struct LifecycleTests {
    static let engagements = Engagement.Status.allCases.flatMap { from in Engagement.Status.allCases.map { (from, $0) }
    }
    static let engagementTable: [Engagement.Status: Set<Engagement.Status>] = [
        .active: [.onHold, .completed, .cancelled], .onHold: [.active, .cancelled], .completed: [], .cancelled: [],
    ]

    @Test(arguments: engagements)
    func everyPairOfAnEngagement(from: Engagement.Status, to: Engagement.Status) throws {
        let isAllowed = try #require(Self.engagementTable[from]).contains(to)
        #expect(from.successors.contains(to) == isAllowed)
        var engagement = Engagement(id: deadbeef, status: from)
        func attempt() throws(Rejection) -> EngagementMoved {
            switch to {
            case .active: try engagement.resume(at: now)
            case .onHold: try engagement.hold(because: "waiting", at: now)
            case .completed: try engagement.complete(projects: [.completed, .cancelled], draftInvoices: 0, at: now)
            case .cancelled: try engagement.cancel(because: "over", at: now)
            }
        }
        if isAllowed {
            let moved = try attempt()
            #expect(moved.from == from && moved.to == to && engagement.status == to)
            #expect((engagement.closedAt != nil) == to.isTerminal)
        } else {
            #expect(throws: Rejection.self) { try attempt() }
            #expect(engagement.status == from)
        }
    }

    @Test(arguments: Project.Status.allCases)
    func anEngagementCompletesOnceNothingIsLeft(status: Project.Status) {
        var engagement = Engagement(id: deadbeef)
        if !status.isFinished {
            let rejection = #expect(throws: Rejection.self) {
                try engagement.complete(projects: [.completed, status], draftInvoices: 0, at: now)
            }
            #expect(rejection?.kind == .conflict(code: "projects_unfinished"))
        }
        let drafts = #expect(throws: Rejection.self) {
            try engagement.complete(projects: [], draftInvoices: 1, at: now)
        }
        #expect(drafts?.kind == .conflict(code: "draft_invoices"))
        #expect(engagement.status == .active)
    }

    static let projects = Project.Status.allCases.flatMap { from in Project.Status.allCases.map { (from, $0) } }
    static let projectTable: [Project.Status: Set<Project.Status>] = [
        .notStarted: [.inProgress, .cancelled], .inProgress: [.onHold, .completed, .cancelled],
        .onHold: [.inProgress, .cancelled], .completed: [.cancelled], .cancelled: [],
    ]

    @Test(arguments: projects)
    func everyPairOfAProject(from: Project.Status, to: Project.Status) throws {
        let isAllowed = try #require(Self.projectTable[from]).contains(to)
        #expect(from.successors.contains(to) == isAllowed)
        var project = Project(id: deadbeef, status: from)
        func attempt() throws(Rejection) -> ProjectMoved {
            switch to {
            case .notStarted: throw .conflict("no_verb", "Nothing leads back to the beginning.")
            case .inProgress where from == .onHold: try project.resume(at: now)
            case .inProgress: try project.start(at: now)
            case .onHold: try project.hold(because: "waiting", at: now)
            case .completed: try project.complete(at: now)
            case .cancelled: try project.cancel(because: "over", at: now)
            }
        }
        if isAllowed {
            #expect(try attempt().to == to)
            #expect(project.status == to && (project.closedAt != nil) == to.isFinished)
        } else {
            #expect(throws: Rejection.self) { try attempt() }
            #expect(project.status == from)
        }
    }

    static let tasks = WorkTask.Status.allCases.flatMap { from in WorkTask.Status.allCases.map { (from, $0) } }
    static let taskTable: [WorkTask.Status: Set<WorkTask.Status>] = [
        .todo: [.inProgress, .cancelled], .inProgress: [.review, .cancelled], .review: [.completed, .cancelled],
        .completed: [.inProgress, .cancelled], .cancelled: [],
    ]

    @Test(arguments: tasks)
    func everyPairOfATask(from: WorkTask.Status, to: WorkTask.Status) throws {
        let isAllowed = try #require(Self.taskTable[from]).contains(to)
        #expect(from.successors.contains(to) == isAllowed)
        var task = WorkTask(id: deadbeef, status: from)
        func attempt() throws(Rejection) -> TaskMoved {
            switch to {
            case .todo: throw .conflict("no_verb", "Nothing leads back to the beginning.")
            case .inProgress where from == .completed: try task.reopen(because: "a mistake in it", at: now)
            case .inProgress: try task.start(at: now)
            case .review: try task.submit(at: now)
            case .completed: try task.complete(at: now)
            case .cancelled: try task.cancel(because: nil, at: now)
            }
        }
        if isAllowed {
            #expect(try attempt().to == to)
            #expect(task.status == to && (task.completedAt != nil) == (to == .completed))
        } else {
            #expect(throws: Rejection.self) { try attempt() }
            #expect(task.status == from)
        }
    }

    @Test func aTaskWaitsForItsDependenciesAndReopensWithAReason() throws {
        var task = WorkTask(id: deadbeef)
        #expect(throws: Rejection.self) { try task.start(dependencies: [.completed, .review], at: now) }
        _ = try task.start(dependencies: [.completed, .cancelled], at: now)
        var done = WorkTask(id: deadbeef, status: .completed)
        #expect(throws: Rejection.self) { try done.reopen(because: " ", at: now) }
        #expect(WorkTask.Priority.allCases == WorkTask.Priority.allCases.sorted())
    }

    static let milestones = Milestone.Status.allCases.flatMap { from in Milestone.Status.allCases.map { (from, $0) } }

    @Test(arguments: milestones)
    func everyPairOfAMilestone(from: Milestone.Status, to: Milestone.Status) throws {
        var milestone = Milestone(id: deadbeef, projectID: deadbeef, amountMinor: 900, status: from)
        func attempt() throws(Rejection) -> MilestoneEvent {
            switch to {
            case .open: throw .conflict("no_verb", "Nothing leads back.")
            case .completed: try milestone.complete(at: now)
            case .cancelled: try milestone.cancel(because: "over", at: now)
            }
        }
        #expect(from.successors.contains(to) == (from == .open && to != .open))
        if from.successors.contains(to) {
            let event = try attempt()
            #expect(milestone.status == to)
            if to == .completed {
                #expect(event == .completed(milestoneID: deadbeef, projectID: deadbeef, billsMinor: 900, at: now))
            }
        } else {
            #expect(throws: Rejection.self) { try attempt() }
        }
    }
}
