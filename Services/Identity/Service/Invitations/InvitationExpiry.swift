internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Writes down that invitations were not accepted in their time; that they cannot be any more holds without it.
struct InvitationExpiry: Sendable {
    let parts: IdentityParts

    static let interval: Duration = .seconds(60)
    /// Of one organization in one transaction.
    private static let expiredMax = 100

    /// Answers how many.
    @discardableResult
    func sweep(at now: Instant) async throws -> Int {
        var total = 0
        for (organization, time) in try await self.parts.crossTenant.organizationsWithOverdueInvitations(at: now) {
            var count = 0
            repeat {
                count = try await self.sweep(organization, at: time)
                total += count
            } while count == Self.expiredMax
        }
        return total
    }

    private func sweep(_ organization: Identifier, at now: Instant) async throws -> Int {
        let store = self.parts.invitations
        let cause = Cause(
            actor: .identity,
            organization: organization,
            causation: Identifier.next(at: now),
            correlation: Identifier.next(at: now),
            now: now
        )
        return try await self.parts.persistence.database.transaction(.organization(organization)) { transaction in
            let overdue = try store.rows(
                where: "pending_until <= $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED",
                [.instant(now), .int(Int64(Self.expiredMax))],
                for: organization,
                in: transaction
            )
            let events = try overdue.map { stored in
                var invitation = try Invitation(stored.row)
                try invitation.expire(at: now)
                let after = try store.update(stored, invitation.values, for: organization, at: now, in: transaction)
                return store.event("expired", .statusChanged, after, because: cause)
            }
            try self.parts.persistence.log.append(events, in: transaction)
            return events.count
        }
    }
}
