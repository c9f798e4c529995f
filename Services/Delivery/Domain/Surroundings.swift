public import Vocabulary

/// What is asked of the work within an engagement or a project: how far it may go depends on their states.
public enum WorkStep: CaseIterable, Sendable {
    /// Something is added, planned anew or put off.
    case plan
    /// Something is begun or taken up again.
    case begin
    /// What was begun is handed in, completed or reached.
    case finish
    /// What is left is called off, which a closed engagement allows: it may have ended with work still open.
    case callOff
}

/// What is around a project, a milestone or a task: the engagement, and for the latter two their project.
public struct Surroundings: Hashable, Sendable {
    public let engagement: Engagement.Status
    /// Nothing around a project itself.
    public let project: Project.Status?

    public init(engagement: Engagement.Status, project: Project.Status? = nil) {
        self.engagement = engagement
        self.project = project
    }

    /// Refuses a step that the engagement or the project does not allow any more, or not now.
    public func require(_ step: WorkStep) throws(Rejection) {
        try self.engagement.require(step)
        try self.project?.require(step)
    }
}

extension Engagement.Status {
    /// On hold nothing begins; closed, nothing goes on.
    fileprivate func require(_ step: WorkStep) throws(Rejection) {
        switch (self, step) {
        case (.active, _), (.onHold, .plan), (.onHold, .finish), (_, .callOff): return
        case (.onHold, .begin):
            throw .conflict(
                "engagement_on_hold",
                "The engagement is on hold: nothing is begun in it until it is resumed."
            )
        case (.completed, _), (.cancelled, _):
            throw .conflict("engagement_closed", "The engagement is \(self.rawValue): no work goes on in it.")
        }
    }
}

extension Project.Status {
    /// As an engagement; but a completed project may have loose ends, which are tied up as long as the engagement is open.
    fileprivate func require(_ step: WorkStep) throws(Rejection) {
        switch (self, step) {
        case (.notStarted, _), (.inProgress, _), (.onHold, .plan), (.onHold, .finish), (.completed, .finish),
            (_, .callOff):
            return
        case (.onHold, .begin):
            throw .conflict("project_on_hold", "The project is on hold: nothing is begun in it until it is resumed.")
        case (.completed, _), (.cancelled, _):
            throw .conflict("project_closed", "The project is \(self.rawValue): no work goes on in it.")
        }
    }
}
