internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Mail
internal import Postgres
internal import Resources
internal import Vocabulary

/// Tells of what was done to somebody's second factor: the person by mail, each of their organizations by an event.
struct SecondFactorNotices: Sendable {
    let parts: IdentityParts

    /// What was done.
    enum Change: CaseIterable {
        case enabled, disabled, codesRenewed, reset

        var eventType: String {
            switch self {
            case .enabled: "user.second_factor_enabled"
            case .disabled: "user.second_factor_disabled"
            case .codesRenewed: "user.recovery_codes_renewed"
            case .reset: "user.second_factor_reset"
            }
        }

        /// As a mail says it of the second factor.
        var words: String {
            switch self {
            case .enabled: "was switched on"
            case .disabled: "was switched off"
            case .codesRenewed: "has new recovery codes, and the ones before are good for nothing"
            case .reset: "was taken off by a colleague, and your sessions have ended"
            }
        }

        fileprivate var summary: String {
            switch self {
            case .enabled: "Somebody signs in with a second factor from now on."
            case .disabled: "Somebody signs in without a second factor again."
            case .codesRenewed: "Somebody has new recovery codes; the ones before are good for nothing."
            case .reset: "A colleague has taken off somebody's second factor; their sessions have ended."
            }
        }
    }

    static let events: [EventDeclaration] = Change.allCases.map { change in
        EventDeclaration(
            change.eventType,
            .updated,
            change.summary,
            fields: [UserEvents.data]
        )
    }

    /// Last in the transaction, after what it tells of.
    ///
    /// - Parameter more: what the change has to do in each place where the person belongs, and the events of that.
    func tell(
        _ change: Change,
        of user: CrossTenant.User,
        _ context: CallContext,
        in visits: borrowing Visits,
        _ more: (UserEvents.Place, Cause, borrowing Visits) throws -> [EventRecord] = { _, _, _ in [] }
    ) throws {
        let actor = try context.caller().actor
        let mail = try self.parts.mails.secondFactor(of: user, change, at: context.wallTime)
        try self.parts.mails.tasks.queue(mail, for: nil, at: context.wallTime, in: visits.system)
        let told = UserEvents(parts: self.parts)
        let events = try told.events(
            change.eventType,
            of: user.id,
            by: actor,
            since: context.requestID,
            at: context.wallTime,
            in: visits,
            more
        )
        try told.append(events, in: visits)
    }
}
