internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A firm: the tenant itself. It has no list and no id in its path: a credential belongs to one.
    static let organization: Resource = {
        var resource = Resource(
            service: "identity",
            name: "organization",
            plural: "organization",
            table: "organization",
            fields: [
                .text("name", max: 200).required().example("Northwind Consulting"),
                .text("time_zone", max: 64, .timeZone).example("Europe/Berlin").described(
                    "In which dates that bill begin and end."
                ),
                .currency().described("Of new records that name no other."),
                .text("locale", max: 35).example("en-US").described("A BCP 47 language tag."),
                .object("address", PostalAddress.fields).nullable().described("What its documents are sent from."),
                .text("logo_url", max: 500, .uri).nullable().example("https://northwind.example/logo.svg"),
                .object(
                    "number_formats",
                    [
                        .text("invoice", max: NumberFormat.patternBytesMax).nullable().example("INV-{year}-{number:5}")
                            .described(
                                """
                                Text with one `{number}`, or `{number:5}` for five digits at least, and `{year}`. It applies from the \
                                next number; the count goes on.
                                """
                            )
                    ]
                ).nullable().described("How documents are numbered, where it is to be another way than the usual one."),
                .boolean("is_sandbox").readOnly().described(
                    "Whether it was signed up to try things out, with a clock of its own that `POST /v1/sandbox/clock` advances."
                ),
                .integer("clock_ahead_seconds", SandboxClockLimits.totalSeconds).readOnly().described(
                    "How far its clock is ahead of everybody else's; 0 but for a sandbox that was advanced."
                ),
            ]
        )
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = []
        return resource
    }()
}

/// Reads the caller's organization.
struct GetOrganization: Operation {
    static let declaration = OperationDeclaration(
        "identity.organization.get",
        .get("/v1/organization"),
        access: .read("identity"),
        "Read your organization."
    )
    .answers(.object("Organization", Resource.organization.visible))

    init(_ input: Values) throws(Fault) {}
}

/// Changes the caller's organization.
struct ChangeOrganization: Operation {
    static let declaration = OperationDeclaration(
        "identity.organization.change",
        .patch("/v1/organization"),
        access: .manage("identity"),
        "Change your organization."
    )
    .mergePatch(Resource.organization.visible)
    .answers(.object("Organization", Resource.organization.visible))
    .requiringIfMatch()
    .faults(.stale, .preconditionRequired, .validationFailed)
    .emits("organization.updated")

    let changes: Values

    init(_ input: Values) throws(Fault) { self.changes = input }
}

/// Serves the caller's organization.
struct Organizations: Sendable {
    let parts: IdentityParts

    static let events: [EventDeclaration] = [
        EventDeclaration(
            "organization.created",
            .created,
            "A firm signed up.",
            fields: [.object("data", Resource.organization.told)]
        ),
        EventDeclaration(
            "organization.updated",
            .updated,
            "An organization was changed.",
            fields: [.object("data", Resource.organization.told), .document("previous")]
        ),
    ]

    func register(in router: inout Router) {
        router.serve(GetOrganization.self) { _, context in
            let id = try context.caller().organization
            let stored = try await self.parts.organizations.read(
                id,
                for: id,
                in: self.parts.persistence.database,
                deadline: context.deadline
            )
            return try stored.reply(to: context)
        }
        router.serve(ChangeOrganization.self) { request, context in
            let id = try context.caller().organization
            let cause = try context.cause()
            return try await self.parts.persistence.commands.run(ChangeOrganization.declaration, context) {
                transaction in
                let before = try self.parts.organizations.lock(id, for: id, in: transaction)
                try before.require(context.ifMatch)
                guard !request.changes.isEmpty else { return Outcome(before.reply()) }
                var changes = request.changes
                try self.parts.organizations.mergeNested(&changes, onto: before)
                try OrganizationSettings.check(
                    locale: changes.optionalText("locale"),
                    logoURL: changes.optionalText("logo_url"),
                    invoiceNumbers: changes.optionalObject("number_formats")?.optionalText("invoice")
                )
                let after = try self.parts.organizations.update(
                    before,
                    changes,
                    for: id,
                    at: context.now,
                    in: transaction
                )
                // Credentials carry the zone and the currency.
                try self.parts.revocations.revoke(of: id, in: transaction)
                return Outcome(
                    after.reply(),
                    events: [
                        self.parts.organizations.event("updated", .updated, after, previous: before, because: cause)
                    ]
                )
            }
        }
        router.publishes(Self.events)
    }
}
