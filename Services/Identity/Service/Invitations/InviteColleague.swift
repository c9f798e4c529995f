internal import Contracts
internal import IdentityDomain
internal import Mail
internal import Postgres
internal import Resources
internal import Vocabulary

/// Asks somebody to join.
struct InviteColleague: Operation {
    static let declaration = OperationDeclaration(
        "identity.invitation.create",
        .post("/v1/invitations"),
        access: .manage("identity"),
        "Invite a colleague by mail."
    )
    .described(
        """
        They get a link that is good for \(Invitation.lifetimeSeconds / 3_600) hours. With it they join as who they are here already, \
        or with a name and a password of their own. Admins invite everybody but owners. In a quarter of an hour an address gets \
        \(Throttle.invitationsToAddressMax) such mails, and an organization sends \(Throttle.invitationsOfOrganizationMax).
        """
    )
    .body([
        .email("email").required().example("grace@example.com"), .choice("role", Role.self).required(),
    ])
    .stepUp(.toGivePower)
    .answers(.object("Invitation", Resource.invitation.visible), status: 201)
    .idempotent(.required)
    .faults(.validationFailed, .conflict)
    .emits("invitation.created")

    let email: EmailAddress
    let role: Role

    init(_ input: Values) throws(Fault) {
        let text = try input.text("email")
        do throws(Rejection) { self.email = try EmailAddress(text) } catch { throw Fault(error) }
        self.role = Role(rawValue: try input.text("role")) ?? .viewer
    }
}

/// Sends an invitation again.
struct ResendInvitation: Operation {
    static let declaration = OperationDeclaration(
        "identity.invitation.resend",
        .post("/v1/invitations/{id}/resend"),
        access: .manage("identity"),
        "Send an invitation again."
    )
    .described("With a new link and all of its time; the link before is good for nothing from then on.")
    .answers(.object("Invitation", Resource.invitation.visible))
    .idempotent(.required)
    .faults(.notFound, .invalidTransition, .conflict, .stale)
    .emits("invitation.resent")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Takes an invitation back.
struct RevokeInvitation: Operation {
    static let declaration = OperationDeclaration(
        "identity.invitation.revoke",
        .post("/v1/invitations/{id}/revoke"),
        access: .manage("identity"),
        "Take an invitation back."
    )
    .described("Its link is good for nothing from then on.")
    .answers(.object("Invitation", Resource.invitation.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .conflict, .stale)
    .emits("invitation.revoked")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Serves what those who manage members do with invitations.
struct InvitationMoves: Sendable {
    let parts: IdentityParts
    private var store: ResourceStore { self.parts.invitations }

    static let events: [EventDeclaration] = {
        let data: [Field] = [.object("data", Resource.invitation.told)]
        return [
            EventDeclaration("invitation.created", .sent, "Somebody was invited by mail.", fields: data),
            EventDeclaration(
                "invitation.resent",
                .sent,
                "An invitation was sent again, with another link.",
                fields: data
            ),
            EventDeclaration("invitation.revoked", .statusChanged, "An invitation was taken back.", fields: data),
            EventDeclaration(
                "invitation.expired",
                .statusChanged,
                "Nobody has accepted an invitation in its time.",
                fields: data
            ),
            EventDeclaration(
                "invitation.accepted",
                .statusChanged,
                "Somebody has accepted an invitation.",
                fields: data
            ),
        ]
    }()

    func register(in router: inout Router) {
        router.serve(InviteColleague.self) { request, context in try await self.invite(request, context) }
        router.serve(ResendInvitation.self) { request, context in try await self.resend(request, context) }
        router.serve(RevokeInvitation.self) { request, context in try await self.revoke(request, context) }
        router.publishes(Self.events)
    }

    private func invite(_ request: InviteColleague, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let token = Token.make(.invitation, self.parts.random)
        return try await self.sending(to: request.email, InviteColleague.declaration, context) { transaction in
            try MemberMoves(parts: self.parts).actor(caller, in: transaction).requirePower(over: request.role)
            let members = try self.parts.members.rows(
                where: "email = $2",
                [.text(request.email.description)],
                for: caller.organization,
                in: transaction
            )
            guard members.isEmpty else {
                throw Fault(
                    .conflict,
                    "This person is a member already.",
                    problems: [Problem("/email", "already_member", "This person is a member already.")]
                )
            }
            let invitation = Invitation(role: request.role, at: context.now)
            var values = invitation.values
            values["email"] = .text(request.email.description)
            values["role"] = .text(invitation.role.rawValue)
            values["invited_by"] = .identifier(caller.subject)
            values["token_sha256"] = token.sha256Value
            let stored = try self.store.insert(values, for: caller.organization, at: context.now, in: transaction)
            try self.mail(invitation, to: request.email, token, caller, at: context.wallTime, in: transaction)
            return Outcome(
                stored.reply(status: 201, location: "/v1/invitations/\(stored.id)"),
                events: [self.store.event("created", .sent, stored, because: cause)]
            )
        }
    }

    private func resend(_ request: ResendInvitation, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let token = Token.make(.invitation, self.parts.random)
        let email = try await self.address(of: request.id, for: caller.organization)
        return try await self.sending(to: email, ResendInvitation.declaration, context) { transaction in
            var (before, invitation) = try self.locked(request.id, caller, context, in: transaction)
            try invitation.resend(at: context.now)
            var values = invitation.values
            values["token_sha256"] = token.sha256Value
            before = try self.store.update(before, values, for: caller.organization, at: context.now, in: transaction)
            try self.mail(invitation, to: email, token, caller, at: context.wallTime, in: transaction)
            return Outcome(before.reply(), events: [self.store.event("resent", .sent, before, because: cause)])
        }
    }

    private func revoke(_ request: RevokeInvitation, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        return try await self.parts.persistence.commands.run(RevokeInvitation.declaration, context) { transaction in
            var (stored, invitation) = try self.locked(request.id, caller, context, in: transaction)
            try invitation.revoke()
            stored = try self.store.update(
                stored,
                invitation.values,
                for: caller.organization,
                at: context.now,
                in: transaction
            )
            return Outcome(
                stored.reply(),
                events: [self.store.event("revoked", .statusChanged, stored, because: cause)]
            )
        }
    }

    // MARK: - Steps

    /// A command that writes an invitation's mail.
    private func sending(
        to email: EmailAddress,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ body: @escaping @Sendable (borrowing Transaction) throws -> Outcome
    ) async throws -> Reply {
        try await self.parts.throttle.invitation(to: email, of: try context.caller().organization, context) {
            try await self.parts.persistence.commands.run(declaration, context, body)
        }
    }

    /// Where an invitation went; it never changes.
    private func address(of id: Identifier, for organization: Identifier) async throws -> EmailAddress {
        let rows = try await self.parts.persistence.database.read(
            .organization(organization),
            "SELECT email FROM invitation WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(id)]
        )
        guard let row = rows.first else { throw Fault.notFound(Resource.invitation.label) }
        return try EmailAddress(try row.text("email"))
    }

    /// An admin decides about invitations as about members: not about owners'.
    private func locked(
        _ id: Identifier,
        _ caller: Caller,
        _ context: CallContext,
        in transaction: borrowing Transaction
    ) throws -> (Stored, Invitation) {
        let stored = try self.store.lock(id, for: caller.organization, in: transaction)
        try stored.require(context.ifMatch)
        let invitation = try Invitation(stored.row)
        try MemberMoves(parts: self.parts).actor(caller, in: transaction).requirePower(over: invitation.role)
        return (stored, invitation)
    }

    private func mail(
        _ invitation: Invitation,
        to email: EmailAddress,
        _ token: Token,
        _ caller: Caller,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws {
        let organization = try self.parts.organizations.find(
            caller.organization,
            for: caller.organization,
            in: transaction
        )
        guard let organization else { throw Fault.notFound(Resource.organization.label) }
        let inviters = try self.parts.members.rows(
            where: "user_id = $2",
            [.uuid(caller.subject)],
            for: caller.organization,
            in: transaction
        )
        let mail = self.parts.mails.invitation(
            to: email,
            organization: try organization.row.text("name"),
            inviter: try inviters.first?.row.text("name"),
            role: invitation.role,
            token,
            expiresAt: invitation.expiresAt.advanced(bySeconds: -caller.aheadSeconds)
        )
        try self.parts.mails.tasks.queue(mail, for: caller.organization, at: now, in: transaction)
    }
}
