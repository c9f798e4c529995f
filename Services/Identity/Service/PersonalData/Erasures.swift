internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Mail
internal import Postgres
internal import Resources
internal import Vocabulary

/// Forgets people: each in one transaction over all of their organizations.
///
/// Everything here locks in one order: the person, the organizations, the memberships.
struct Erasures: Sendable {
    let parts: IdentityParts

    static let interval: Duration = .seconds(5)
    /// Looked at in one turn.
    private static let dueMax: Int64 = 100

    static let events: [EventDeclaration] = [
        EventDeclaration(
            Erasure.Status.scheduled.eventType,
            .updated,
            "Somebody has asked to be forgotten, and can withdraw it for a while.",
            fields: [UserEvents.data]
        ),
        EventDeclaration(
            Erasure.Status.withdrawn.eventType,
            .updated,
            "Somebody is not to be forgotten after all.",
            fields: [UserEvents.data]
        ),
        EventDeclaration(
            Erasure.Status.refused.eventType,
            .updated,
            "Somebody cannot be forgotten: they are an organization's only owner.",
            fields: [UserEvents.data]
        ),
        EventDeclaration(
            Erasure.Status.done.eventType,
            .deleted,
            "Somebody was forgotten: nothing here says any more who they were. Whoever has their name deletes it too.",
            fields: [UserEvents.data]
        ),
    ]

    // MARK: - Carrying out

    /// Forgets those whose time has come; answers how many. Whoever fails does not keep the others waiting.
    func run(at now: Instant) async throws -> Int {
        let due = try await self.parts.crossTenant.look(
            "SELECT id, user_id FROM user_erasure WHERE status = 'scheduled' AND due_at <= $1 ORDER BY due_at LIMIT $2",
            [.instant(now), .int(Self.dueMax)]
        )
        var failure: (any Error)?
        var count = 0
        for row in due {
            let user = try row.uuid("user_id")
            do {
                if try await self.parts.crossTenant.visit({ try self.carryOut(user, at: now, in: $0) }) { count += 1 }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return count
    }

    /// Answers whether they were forgotten: it may have been withdrawn or done meanwhile, or be impossible by now.
    private func carryOut(_ id: Identifier, at now: Instant, in visits: borrowing Visits) throws -> Bool {
        let user = try self.lock(id, in: visits)
        guard var erasure = try self.latest(of: id, in: visits), erasure.state.status == .scheduled else {
            return false
        }
        let request = Identifier.next(at: now)
        erasure.endedAt = now
        erasure.refusals = try self.refusals(of: id, in: visits)
        guard erasure.refusals.isEmpty else {
            try erasure.state.refuse()
            try self.record(erasure, of: user, by: .identity, since: request, at: now, in: visits)
            return false
        }
        try erasure.state.complete(at: now)
        try self.parts.mails.tasks.forget(user.email, in: visits.system)
        try self.parts.throttle.forgetDevices(of: id, user.email, in: visits.system)
        try self.record(erasure, of: user, by: .identity, since: request, at: now, in: visits) { place, cause, visits in
            try visits.visit(place.organization) { transaction in
                let left = try MemberMoves(parts: self.parts).end(place.member, because: cause, in: transaction)
                return try left + self.revokeInvitations(to: user.email, because: cause, in: transaction)
            }
        }
        return true
    }

    private func revokeInvitations(
        to email: String,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let store = self.parts.invitations
        let pending = try store.rows(
            where: "email = $2 AND status = 'pending' ORDER BY id FOR UPDATE",
            [.text(email)],
            for: cause.organization,
            in: transaction
        )
        return try pending.map { stored in
            var invitation = try Invitation(stored.row)
            try invitation.revoke()
            let after = try store.update(
                stored,
                invitation.values,
                for: cause.organization,
                at: cause.now,
                in: transaction
            )
            return store.event("revoked", .statusChanged, after, because: cause)
        }
    }

    /// Deletes what says who somebody was; answers what stays, and why.
    private func forget(_ user: Identifier, in system: borrowing Transaction) throws -> [UserErasure.Kept] {
        var kept: [UserErasure.Kept] = []
        for record in PersonalRecord.all {
            if let reason = record.kept {
                let count = try system.query(record.count, [.uuid(user)])[0].int("count")
                if count > 0 { kept.append(UserErasure.Kept(kind: record.name, count: count, reason: reason)) }
            }
            if let statement = record.forgetting { try system.query(statement, [.uuid(user)]) }
        }
        return kept
    }

    // MARK: - Steps

    /// The person, whom nobody else changes until the transaction ends.
    func lock(_ user: Identifier, in visits: borrowing Visits) throws -> CrossTenant.User {
        let rows = try visits.system.query(
            CrossTenant.userColumns + " WHERE id = $1 FOR NO KEY UPDATE",
            [.uuid(user)]
        )
        guard let row = rows.first else { throw Fault(.notFound, "There is nobody with this number.") }
        return try CrossTenant.user(row)
    }

    func latest(of user: Identifier, in visits: borrowing Visits) throws -> UserErasure? {
        try visits.system.query(
            UserErasure.latest,
            [.uuid(user)]
        ).first.map(UserErasure.init)
    }

    /// Where nobody would be left who can decide; it stays so until the transaction ends.
    func refusals(of user: Identifier, in visits: borrowing Visits) throws -> [UserErasure.Refusal] {
        let places = try visits.system.query(
            "SELECT organization_id FROM organization_member WHERE user_id = $1 AND deleted_at IS NULL ORDER BY organization_id",
            [.uuid(user)]
        )
        var refusals: [UserErasure.Refusal] = []
        for place in places {
            let organization = try place.uuid("organization_id")
            let canLeave = try visits.visit(organization) { transaction in
                let ownerCount = try MemberMoves(parts: self.parts).lockedOwnerCount(of: organization, in: transaction)
                let own = try self.parts.members.rows(
                    where: "user_id = $2",
                    [.uuid(user)],
                    for: organization,
                    in: transaction
                )
                return try own.allSatisfy { try Membership($0).canLeave(ownerCount: ownerCount) }
            }
            if !canLeave { refusals.append(UserErasure.Refusal(organization: organization)) }
        }
        return refusals
    }

    /// Writes down what has become of it, tells the person by mail and each of their organizations by an event; where it is done, forgets
    /// them between their last events and the telling. Last in the transaction.
    func record(
        _ erasure: UserErasure,
        of user: CrossTenant.User,
        by actor: Actor,
        since request: Identifier,
        at now: Instant,
        in visits: borrowing Visits,
        _ more: (UserEvents.Place, Cause, borrowing Visits) throws -> [EventRecord] = { _, _, _ in [] }
    ) throws {
        var erasure = erasure
        let told = UserEvents(parts: self.parts)
        let events = try told.events(
            erasure.state.status.eventType,
            of: user.id,
            by: actor,
            since: request,
            at: now,
            in: visits,
            more
        )
        if erasure.state.status == .done { erasure.kept = try self.forget(user.id, in: visits.system) }
        try erasure.save(in: visits.system)
        let mail = try self.parts.mails.erasure(of: user, erasure, at: now)
        try self.parts.mails.tasks.queue(mail, for: nil, at: now, in: visits.system)
        try told.append(events, in: visits)
    }
}

extension Erasure.Status {
    var eventType: String {
        switch self {
        case .scheduled: "user.erasure_scheduled"
        case .withdrawn: "user.erasure_withdrawn"
        case .refused: "user.erasure_refused"
        case .done: "user.erased"
        }
    }
}
