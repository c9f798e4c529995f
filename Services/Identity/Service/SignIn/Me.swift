internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Who the credential stands for, and where.
struct GetMe: Operation {
    static let declaration = OperationDeclaration(
        "identity.me.get",
        .get("/v1/me"),
        access: Access(.anyMember),
        "Who you are, and where."
    )
    .answers(
        .object(
            "Me",
            [
                .object("user", SignedIn.userFields).nullable().described("`null` for an API key."),
                .object("api_key", Resource.apiKey.visible).nullable().described("`null` for a person."),
                .object("organization", Resource.organization.visible),
                .object("member", Resource.member.visible).nullable(),
                .choice("role", Role.self),
                .list("scopes", of: .text(TextRule(lengthMax: 40)), countMax: Scope.all.count).nullable()
                    .described("What an API key is limited to; `null` for a person, who has all that the role allows."),
                .list(
                    "organizations",
                    of: [.identifier("id"), .text("name", max: 200), .choice("role", Role.self)],
                    countMax: Self.organizationsMax
                )
                .described("All that the person belongs to; the first \(Self.organizationsMax)."),
            ]
        )
    )

    static let organizationsMax = 100

    init(_ input: Values) throws(Fault) {}
}

/// Serves `me`.
struct Mes: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(GetMe.self) { _, context in
            let caller = try context.caller()
            let isPerson = caller.kind == .member
            let places = isPerson ? try await self.parts.crossTenant.places(of: caller.subject) : []
            return try await self.parts.persistence.database.transaction(
                .organization(caller.organization),
                deadline: context.deadline
            ) { transaction in
                try self.answer(caller, places, in: transaction)
            }
        }
    }

    private func answer(
        _ caller: Caller,
        _ places: [CrossTenant.Place],
        in transaction: borrowing Transaction
    ) throws -> Reply {
        let own = caller.organization
        guard let organization = try self.parts.organizations.find(own, for: own, in: transaction) else {
            throw Fault.notFound(Resource.organization.label)
        }
        let key = caller.kind == .apiKey ? try self.parts.apiKeys.find(caller.subject, for: own, in: transaction) : nil
        let member = try self.parts.members.rows(
            where: "user_id = $2",
            [.uuid(caller.subject)],
            for: own,
            in: transaction
        ).first
        var writer = JSONWriter(capacity: 2_048)
        writer.beginObject()
        writer.key("user")
        if let member { writer.value(try SignedIn.user(of: member)) } else { writer.null() }
        writer.key("api_key")
        if let key { writer.raw(key.json) } else { writer.null() }
        writer.key("organization")
        writer.raw(organization.json)
        writer.key("member")
        if let member { writer.raw(member.json) } else { writer.null() }
        writer.key("role")
        writer.string(caller.role.rawValue)
        writer.key("scopes")
        writer.value(caller.scopes.map { .array($0.map(JSON.string)) } ?? .null)
        writer.key("organizations")
        writer.beginArray()
        if caller.kind == .member {
            for place in places.prefix(GetMe.organizationsMax) { Self.write(place, into: &writer) }
        } else {
            Self.write(
                CrossTenant.Place(
                    organization: own,
                    organizationName: try organization.row.text("name"),
                    member: caller.subject,
                    role: caller.role,
                    zone: caller.zone,
                    currency: caller.currency,
                    aheadSeconds: caller.aheadSeconds
                ),
                into: &writer
            )
        }
        writer.endArray()
        writer.endObject()
        return Reply(body: writer.finish())
    }

    private static func write(_ place: CrossTenant.Place, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        writer.string(place.organization.description)
        writer.key("name")
        writer.string(place.organizationName)
        writer.key("role")
        writer.string(place.role.rawValue)
        writer.endObject()
    }
}
