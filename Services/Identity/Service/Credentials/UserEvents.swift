internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// What happens to a person is told to each of their organizations, in the transaction in which it happens.
struct UserEvents: Sendable {
    let parts: IdentityParts

    /// What an event tells of a person: that it is they. Who they are is read where it can be forgotten.
    static let data = Field.object("data", [.identifier("id")])

    static func payload(of user: Identifier) -> JSONObject { ["data": ["id": .string(user.description)]] }

    typealias Place = (organization: Identifier, member: Identifier, aheadSeconds: Int64)

    /// Where the person belongs, each place held.
    private func places(of user: Identifier, in visits: borrowing Visits) throws -> [Place] {
        let rows = try visits.system.query(
            """
            SELECT m.organization_id, m.id, o.clock_ahead_seconds
            FROM organization_member m JOIN organization o ON o.id = m.organization_id
            WHERE m.user_id = $1 AND m.deleted_at IS NULL ORDER BY m.organization_id, m.id FOR UPDATE OF m
            """,
            [.uuid(user)]
        )
        return try rows.map {
            (try $0.uuid("organization_id"), try $0.uuid("id"), try $0.int("clock_ahead_seconds"))
        }
    }

    /// Counts a change of the person; their new version.
    private func version(of user: Identifier, at now: Instant, in visits: borrowing Visits) throws -> Int64 {
        try visits.system.query(
            "UPDATE app_user SET updated_at = $2, version = version + 1 WHERE id = $1 RETURNING version",
            [.uuid(user), .instant(now)]
        )[0].int("version")
    }

    private static func event(
        _ type: String,
        _ user: Identifier,
        _ version: Int64,
        _ fields: JSONObject,
        because cause: Cause
    ) -> EventRecord {
        var payload = self.payload(of: user)
        for member in fields.members { payload[member.key] = member.value }
        return EventRecord(
            id: Identifier.next(at: cause.now),
            organization: cause.organization,
            type: type,
            activity: .updated,
            aggregateType: "user",
            aggregateID: user,
            aggregateVersion: version,
            actor: cause.actor,
            correlation: cause.correlation,
            causation: cause.causation,
            occurredAt: cause.now,
            payload: JSON.object(payload).bytes
        )
    }

    /// What happened to a person as each place where they belong is to be told; it counts as a change of theirs.
    ///
    /// - Parameters:
    ///   - fields: of the event, besides who it is.
    ///   - now: the machines' time; each place is told at its own: one may be a sandbox that lives in another year.
    ///   - more: what has to be done in each place besides, and the events of that.
    func events(
        _ type: String,
        _ fields: JSONObject = [:],
        of user: Identifier,
        by actor: Actor,
        since request: Identifier,
        at now: Instant,
        in visits: borrowing Visits,
        _ more: (Place, Cause, borrowing Visits) throws -> [EventRecord] = { _, _, _ in [] }
    ) throws -> [(organization: Identifier, events: [EventRecord])] {
        let version = try self.version(of: user, at: now, in: visits)
        return try self.places(of: user, in: visits).map { place in
            let cause = Cause(
                actor: actor,
                organization: place.organization,
                causation: request,
                correlation: request,
                now: now.advanced(bySeconds: place.aheadSeconds)
            )
            let others = try more(place, cause, visits)
            return (place.organization, [Self.event(type, user, version, fields, because: cause)] + others)
        }
    }

    /// Last in the transaction: tickets of the event log come after every row, and always in the same order.
    func append(_ events: [(organization: Identifier, events: [EventRecord])], in visits: borrowing Visits) throws {
        let ordered = events.sorted {
            EventLog.partition(of: $0.organization) < EventLog.partition(of: $1.organization)
        }
        for (organization, events) in ordered {
            try visits.visit(organization) { try self.parts.persistence.log.append(events, in: $0) }
        }
    }
}
