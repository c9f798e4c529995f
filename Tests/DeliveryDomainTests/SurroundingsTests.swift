internal import DeliveryDomain
internal import Testing
internal import Vocabulary

@Suite struct SurroundingsTests {
    static let engagementTable: [Engagement.Status: Set<WorkStep>] = [
        .active: [.plan, .begin, .finish, .callOff], .onHold: [.plan, .finish, .callOff], .completed: [.callOff],
        .cancelled: [.callOff],
    ]
    static let projectTable: [Project.Status: Set<WorkStep>] = [
        .notStarted: [.plan, .begin, .finish, .callOff], .inProgress: [.plan, .begin, .finish, .callOff],
        .onHold: [.plan, .finish, .callOff], .completed: [.finish, .callOff], .cancelled: [.callOff],
    ]

    /// Every pair of states and every step: both around the work must allow it, and the engagement speaks first.
    @Test(arguments: Engagement.Status.allCases, Project.Status.allCases)
    func bothAroundTheWorkMustAllowAStep(engagement: Engagement.Status, project: Project.Status) throws {
        let ofEngagement = try #require(Self.engagementTable[engagement])
        let ofProject = try #require(Self.projectTable[project])
        let surroundings = Surroundings(engagement: engagement, project: project)
        for step in WorkStep.allCases {
            guard ofEngagement.contains(step), ofProject.contains(step) else {
                let rejection = #expect(throws: Rejection.self) { try surroundings.require(step) }
                let code =
                    ofEngagement.contains(step)
                    ? (project == .onHold ? "project_on_hold" : "project_closed")
                    : (engagement == .onHold ? "engagement_on_hold" : "engagement_closed")
                #expect(rejection?.kind == .conflict(code: code), "\(engagement) \(project) \(step)")
                continue
            }
            #expect(throws: Never.self) { try surroundings.require(step) }
        }
    }

    @Test(arguments: Engagement.Status.allCases)
    func aProjectHasOnlyItsEngagementAround(engagement: Engagement.Status) throws {
        let allowed = try #require(Self.engagementTable[engagement])
        for step in WorkStep.allCases {
            let isAllowed = (try? Surroundings(engagement: engagement).require(step)) != nil
            #expect(isAllowed == allowed.contains(step), "\(engagement) \(step)")
        }
    }
}
