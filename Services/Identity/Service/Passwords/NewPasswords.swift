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
            fields: [.object("data", SignedIn.userFields), .choice("way", Way.self)]
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
            UPDATE app_user SET password_hash = $3, pepper_kid = $4, password_set_at = $5, updated_at = $5, version = version + 1
            WHERE id = $1 AND status = 'active' AND ($2::text IS NULL OR password_hash = $2) RETURNING version
            """,
            [
                .uuid(user.id), old.map { .text($0.encoded) } ?? .null, .text(password.encoded),
                .text(password.pepperKid), .instant(context.now),
            ]
        )
        guard let row = rows.first else {
            throw Fault(.conflict, "This password is being changed at the same moment.", retryAfter: 1)
        }
        let version = try row.int("version")
        var events: [(organization: Identifier, events: [EventRecord])] = []
        // Members before sessions, as a sign-in takes them: a session that begins meanwhile is either seen here or refused there.
        for place in try self.places(of: user.id, in: visits) {
            let cause = self.cause(user.id, place.organization, context)
            let ended = try visits.visit(place.organization) { transaction in
                try self.endSessions(of: place.member, keeping: session, because: cause, in: transaction)
            }
            events.append((place.organization, [Self.event(user, version, way, because: cause)] + ended))
        }
        try visits.system.queue(
            "UPDATE password_reset SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
            [.uuid(user.id), .instant(context.now)]
        )
        try self.parts.mails.tasks.queue(
            try self.parts.mails.passwordChanged(of: user, at: context.now),
            for: nil,
            at: context.now,
            in: visits.system
        )
        // Tickets of the event log come last, and always in the same order.
        for (organization, events) in events.sorted(by: {
            EventLog.partition(of: $0.organization) < EventLog.partition(of: $1.organization)
        }) {
            try visits.visit(organization) { try self.parts.persistence.log.append(events, in: $0) }
        }
    }

    /// Where the person belongs, each place held.
    private func places(
        of user: Identifier,
        in visits: borrowing Visits
    ) throws -> [(organization: Identifier, member: Identifier)] {
        let rows = try visits.system.query(
            """
            SELECT organization_id, id FROM organization_member WHERE user_id = $1 AND deleted_at IS NULL
            ORDER BY organization_id, id FOR UPDATE
            """,
            [.uuid(user)]
        )
        return try rows.map { (try $0.uuid("organization_id"), try $0.uuid("id")) }
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

    private func cause(_ user: Identifier, _ organization: Identifier, _ context: CallContext) -> Cause {
        Cause(
            actor: Actor(kind: .member, id: user),
            organization: organization,
            causation: context.requestID,
            correlation: context.requestID,
            now: context.now
        )
    }

    private static func event(
        _ user: CrossTenant.User,
        _ version: Int64,
        _ way: Way,
        because cause: Cause
    ) -> EventRecord {
        let payload: JSON = [
            "data": ["id": .string(user.id.description), "name": .string(user.name), "email": .string(user.email)],
            "way": .string(way.rawValue),
        ]
        return EventRecord(
            id: Identifier.next(at: cause.now),
            organization: cause.organization,
            type: "user.password_changed",
            activity: .updated,
            aggregateType: "user",
            aggregateID: user.id,
            aggregateVersion: version,
            actor: cause.actor,
            correlation: cause.correlation,
            causation: cause.causation,
            occurredAt: cause.now,
            payload: payload.bytes
        )
    }
}
