internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Writes security events down: those that this service publishes in the transactions that publish them, whoever does so, and the few
/// things that are no events where they happen.
enum SecurityEvents {
    /// Past a year, so that last year's audit still finds them.
    static let keptSeconds: Int64 = 400 * 86_400

    static func register(in router: inout Router, _ persistence: Persistence) {
        persistence.serve(.securityEvent, in: &router)
        persistence.serveOwn(.securityEvent, by: "user_id", in: &router)
    }

    private static let insert = RowInsert(
        into: "security_event",
        [
            "organization_id", "id", "type", "user_id", "actor_kind", "actor_id", "subject_type", "subject_id",
            "network",
            "detail", "created_at", "updated_at",
        ]
    )

    /// The witness of the event log.
    @Sendable static func witness(_ events: [EventRecord], _ transaction: borrowing Transaction) throws {
        for event in events {
            guard let rule = SecurityEventRule.all[event.type] else { continue }
            let payload = try JSON(parsing: event.payload)
            var detail = JSONObject()
            for name in rule.facts { detail[name] = payload["data"]?[name] }
            if rule.hasPrevious { detail["previous"] = payload["previous"] }
            if let way = payload["way"] { detail["way"] = way }
            var network: String?
            if rule.hasPlace {
                let place = try self.place(of: event.aggregateID, in: event.organization, transaction)
                network = place.network
                detail["user_agent"] = place.userAgent.map(JSON.string)
            }
            let person = try self.person(in: event, payload["data"] ?? .null, rule, transaction)
            try transaction.queue(
                self.insert,
                [
                    .uuid(event.organization), .uuid(event.id), .text(event.type), person.map(SQLValue.uuid) ?? .null,
                    .text(event.actor.kind.rawValue), .uuid(event.actor.id), .text(event.aggregateType),
                    .uuid(event.aggregateID), network.map(SQLValue.text) ?? .null, .json(JSON.object(detail).bytes),
                    .instant(event.occurredAt), .instant(event.occurredAt),
                ]
            )
        }
    }

    private static func person(
        in event: EventRecord,
        _ fields: JSON,
        _ rule: SecurityEventRule,
        _ transaction: borrowing Transaction
    ) throws -> Identifier? {
        switch rule.person {
        case .aggregate: return event.aggregateID
        case .user: return fields["user_id"]?.string.flatMap(Identifier.init(_:))
        case .member:
            guard let member = fields["member_id"]?.string.flatMap(Identifier.init(_:)) else {
                return event.actor.kind == .member ? event.actor.id : nil
            }
            let rows = try transaction.query(
                "SELECT user_id FROM organization_member WHERE organization_id = $1 AND id = $2",
                [.uuid(event.organization), .uuid(member)]
            )
            return try rows.first?.uuid("user_id")
        }
    }

    private static func place(
        of session: Identifier,
        in organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws(SQLFault) -> (network: String?, userAgent: String?) {
        let row = try transaction.query(
            "SELECT remote_address, user_agent FROM session WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(session)]
        ).first
        let address = try row?.textOrNil("remote_address")
        return (address.map(Throttle.network(of:)), try row?.textOrNil("user_agent"))
    }

    // MARK: - What is no event

    /// Tells each of a person's organizations what was tried at their account: none learns of the others. One statement, so that an
    /// attempt at a known account takes no longer for it.
    static func observe(
        _ observation: SecurityEventRule.Observation,
        at account: Identifier,
        from address: String?,
        at now: Instant,
        in system: borrowing Transaction
    ) throws(SQLFault) {
        try system.queue(
            """
            INSERT INTO security_event (organization_id, id, type, user_id, actor_kind, actor_id, subject_type, subject_id, network, detail,
                created_at, updated_at)
            SELECT organization_id, gen_random_uuid(), $2, $1, $3, $1, 'user', $1, $4, '{}', $5, $5
            FROM organization_member WHERE user_id = $1 AND deleted_at IS NULL
            """,
            [
                .uuid(account), .text(observation.rawValue), .text(Actor.Kind.member.rawValue),
                address.map { .text(Throttle.network(of: $0)) } ?? .null, .instant(now),
            ]
        )
    }

    /// Tells of a key that is used from elsewhere than before; it is about whoever made it.
    static func observe(
        _ key: KeyNetworks.Use,
        madeBy user: Identifier,
        named name: String,
        at now: Instant,
        in system: borrowing Transaction
    ) throws(SQLFault) {
        let detail: JSON = ["name": .string(name)]
        try system.queue(
            self.insert,
            [
                .uuid(key.organization), .uuid(Identifier.next(at: now)),
                .text(SecurityEventRule.Observation.newNetwork.rawValue), .uuid(user),
                .text(Actor.Kind.apiKey.rawValue), .uuid(key.id), .text("api_key"), .uuid(key.id), .text(key.network),
                .json(detail.bytes), .instant(now), .instant(now),
            ]
        )
    }
}
