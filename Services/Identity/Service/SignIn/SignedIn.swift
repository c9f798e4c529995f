internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// The answer to a sign-up, a sign-in and a switch.
enum SignedIn {
    static let userFields: [Field] = [.identifier("id"), .text("name", max: 200), .email("email")]

    static let fields: [Field] = [
        .object("organization", Resource.organization.visible), .object("user", Self.userFields),
        .object("member", Resource.member.visible), .object("session", SessionGrant.fields),
    ]

    /// Begins a session in a place the person has, and answers it.
    ///
    /// - Parameter arrival: what a sign-in leaves; nothing where a session goes on in another place.
    static func begin(
        at place: CrossTenant.Place,
        as user: Identifier,
        by beginning: Sessions.Beginning,
        leaving arrival: Arrival? = nil,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ parts: IdentityParts
    ) async throws -> Reply {
        let context = context.acting(as: place.caller(user))
        return try await parts.persistence.commands.run(declaration, context) { transaction in
            // Under a lock, so that a member who is being removed or deactivated cannot slip in.
            let member = try parts.members.lock(place.member, for: place.organization, in: transaction)
            guard try Membership(member).status == .active else { throw Throttle.refusal }
            let organization = try parts.organizations.find(
                place.organization,
                for: place.organization,
                in: transaction
            )
            guard let organization else { throw Fault.notFound(Resource.organization.label) }
            let (events, grant) = try parts.sessions.begin(
                for: member,
                of: user,
                by: beginning,
                context,
                in: transaction
            )
            try arrival?.record(context, in: transaction)
            return Outcome(try Self.reply(organization, member, grant, context), events: events)
        }
    }

    static func reply(
        _ organization: Stored,
        _ member: Stored,
        _ grant: SessionGrant,
        _ context: CallContext
    ) throws(SQLFault) -> Reply {
        try grant.reply(context) { () throws(SQLFault) in
            var writer = JSONWriter(capacity: 2_048)
            writer.beginObject()
            writer.key("organization")
            writer.raw(organization.json)
            writer.key("user")
            writer.value(try Self.user(of: member))
            writer.key("member")
            writer.raw(member.json)
            writer.key("session")
            writer.value(grant.json)
            writer.endObject()
            return Reply(status: 201, body: writer.finish(), location: "/v1/sessions/\(grant.session)")
        }
    }

    /// The person as the membership names them.
    static func user(of member: Stored) throws(SQLFault) -> JSON {
        [
            "id": .string(try member.row.uuid("user_id").description),
            "name": .string(try member.row.text("name")),
            "email": .string(try member.row.text("email")),
        ]
    }
}
