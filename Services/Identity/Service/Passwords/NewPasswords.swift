internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Mail
internal import Postgres
internal import Resources
internal import Vocabulary

/// Gives a person another password, and ends what the one before has begun: all in one transaction, whichever organizations that is in.
struct NewPasswords: Sendable {
    let parts: IdentityParts

    /// How a person came to another password.
    enum Way: String, CaseIterable {
        /// By the one before.
        case changed
        /// By a link in a mail.
        case reset
    }

    static let events: [EventDeclaration] = [
        EventDeclaration(
            "user.password_changed",
            .updated,
            "Somebody has another password; their other sessions have ended.",
            fields: [UserEvents.data, .choice("way", Way.self)]
        )
    ]

    /// Sets the password, ends all sessions but one, and tells the person and each of their organizations.
    ///
    /// - Parameters:
    ///   - replacing: what the password must still be; otherwise somebody else has changed it meanwhile.
    ///   - session: the one in which the person has just proved who they are: it goes on from now.
    func set(
        _ password: PasswordHash,
        of user: CrossTenant.User,
        _ way: Way,
        replacing old: PasswordHash?,
        keeping session: Identifier?,
        _ context: CallContext,
        in visits: borrowing Visits
    ) throws {
        let rows = try visits.system.query(
            """
            UPDATE app_user SET password_hash = $3, pepper_kid = $4, password_set_at = $5, updated_at = $5
            WHERE id = $1 AND status = 'active' AND ($2::text IS NULL OR password_hash = $2) RETURNING id
            """,
            [
                .uuid(user.id), old.map { .text($0.encoded) } ?? .null, .text(password.encoded),
                .text(password.pepperKid), .instant(context.wallTime),
            ]
        )
        guard rows.count == 1 else {
            throw Fault(.conflict, "This password is being changed at the same moment.", retryAfter: 1)
        }
        let told = UserEvents(parts: self.parts)
        // Members before sessions, as a sign-in takes them: a session that begins meanwhile is either seen here or refused there.
        let events = try told.events(
            "user.password_changed",
            ["way": .string(way.rawValue)],
            of: user.id,
            by: Actor(kind: .member, id: user.id),
            since: context.requestID,
            at: context.wallTime,
            in: visits
        ) { place, cause, visits in
            try visits.visit(place.organization) { transaction in
                try self.endSessions(of: place.member, keeping: session, because: cause, in: transaction)
            }
        }
        try visits.system.queue(
            "UPDATE password_reset SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
            [.uuid(user.id), .instant(context.wallTime)]
        )
        try self.parts.mails.tasks.queue(
            try self.parts.mails.passwordChanged(of: user, at: context.wallTime),
            for: nil,
            at: context.wallTime,
            in: visits.system
        )
        try told.append(events, in: visits)
    }

    private func endSessions(
        of member: Identifier,
        keeping kept: Identifier?,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let sessions = self.parts.sessions
        let ended = try sessions.endAll(
            of: member,
            except: kept,
            because: .passwordChanged,
            of: cause.organization,
            at: cause.now,
            in: transaction
        )
        if let kept {
            // The password was given in it at this moment.
            try transaction.queue(
                "UPDATE session SET authenticated_at = $3, updated_at = $3, version = version + 1 WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL",
                [.uuid(cause.organization), .uuid(kept), .instant(cause.now)]
            )
        }
        return ended.map { sessions.store.event("ended", .statusChanged, $0, because: cause) }
    }
}
