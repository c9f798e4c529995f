internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Goes on in another organization that the person belongs to.
struct SwitchOrganization: Operation {
    static let declaration = OperationDeclaration(
        "identity.session.switch",
        .post("/v1/sessions/switch"),
        access: .person,
        "Switch to another of your organizations."
    )
    .described(
        """
        Answers new tokens and ends this session. The new one lasts no longer than this one could have: its password was \
        given when this one's was.
        """
    )
    .body([.identifier("organization_id").required()])
    .answers(.object("SignedIn", SignedIn.fields), status: 201)
    .session(.begins)
    .faults(.notFound)
    .emits("session.started", "session.ended")

    let organization: Identifier

    init(_ input: Values) throws(Fault) { self.organization = try input.identifier("organization_id") }
}

/// Serves switches: one transaction per organization, the new session first, so that nobody is ever left without one.
struct Switches: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(SwitchOrganization.self) { request, context in
            let caller = try context.caller()
            let current = try SessionOperations.current(caller)
            let places = try await self.parts.crossTenant.places(of: caller.subject)
            guard let place = places.first(where: { $0.organization == request.organization }) else {
                throw Fault.notFound(Resource.organization.label)
            }
            // Before the session: what replaced this password has then ended the session.
            guard let user = try await self.parts.crossTenant.user(caller.subject) else { throw Refreshes.refusal }
            let session = try await self.parts.sessions.store.read(
                current,
                for: caller.organization,
                in: self.parts.persistence.database,
                deadline: context.deadline
            )
            guard try session.row.instantOrNil("ended_at") == nil else { throw Refreshes.refusal }
            let reply = try await SignedIn.begin(
                at: place,
                as: caller.subject,
                // As long ago there as it was here, where the two have clocks of their own.
                by: .session(
                    try Authentication(session).moved(bySeconds: place.aheadSeconds - caller.aheadSeconds),
                    passwordSetAt: user.passwordSetAt
                ),
                SwitchOrganization.declaration,
                context,
                self.parts
            )
            if !context.isDryRun { try await self.leave(current, context) }
            return reply
        }
    }

    private func leave(_ id: Identifier, _ context: CallContext) async throws {
        let organization = try context.caller().organization
        let cause = try context.cause()
        let sessions = self.parts.sessions
        _ = try await self.parts.persistence.commands.run(SwitchOrganization.declaration, context) { transaction in
            let session = try sessions.store.lock(id, for: organization, in: transaction)
            guard try session.row.instantOrNil("ended_at") == nil else { return Outcome(.nothing) }
            let ended = try sessions.end(
                session,
                because: .switched,
                of: organization,
                at: context.now,
                in: transaction
            )
            return Outcome(.nothing, events: [sessions.store.event("ended", .statusChanged, ended, because: cause)])
        }
    }
}
