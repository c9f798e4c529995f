internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Joins by an invitation, and signs in.
struct AcceptInvitation: Operation {
    static let declaration = OperationDeclaration(
        "identity.invitation.accept",
        .post("/v1/invitations/accept"),
        access: .open,
        "Accept an invitation by a link from a mail."
    )
    .described(
        """
        `token` is what stands behind the `#` of the link. Somebody who has a password here joins as who they are, by giving it; \
        anybody else gives a name and a password of their own. The link is good once.
        """
    )
    .notRehearsed()
    .session(.begins)
    .body([
        .text("token", max: 256).required().redacted(.token),
        .text("name", max: 200).redacted(.name).example("Grace Hopper")
            .described("Required of somebody who is new here."),
        .text("password", max: PasswordRule.bytesMax, .password).required(), SecondFactors.field,
    ])
    .answers(.object("SignedIn", SignedIn.fields), status: 201)
    .faults(.unauthenticated, .notFound, .gone, .conflict, .validationFailed, .unavailable)
    .emits("invitation.accepted", "user.registered", "member.added", "session.started")

    let token: String
    let name: String?
    let password: String
    let code: String?

    init(_ input: Values) throws(Fault) {
        self.token = try input.text("token")
        self.name = input.optionalText("name")
        self.password = try input.text("password")
        self.code = input.optionalText("code")
    }
}

/// Joins by an invitation as who is signed in.
struct JoinOrganization: Operation {
    static let declaration = OperationDeclaration(
        "identity.invitation.join",
        .post("/v1/invitations/join"),
        access: .person,
        "Accept an invitation as who you are."
    )
    .described(
        "The invitation is to your own address. Your session stays where it is; `sessions/switch` goes on in the organization you joined."
    )
    .body([.text("token", max: 256).required().redacted(.token)])
    .answers(.object("Member", Resource.member.visible), status: 201)
    .faults(.notFound, .gone, .conflict)
    .emits("invitation.accepted", "member.added")

    let token: String

    init(_ input: Values) throws(Fault) { self.token = try input.text("token") }
}

/// Serves acceptances. Who holds the link has the mail: that they are who the invitation is to is proved by it, and by a password
/// where they have one here.
struct InvitationAcceptances: Sendable {
    let parts: IdentityParts

    private static let unknown = Fault(.notFound, "There is no such invitation, or it was sent again since.")

    func register(in router: inout Router) {
        router.serve(AcceptInvitation.self) { request, context in try await self.accept(request, context) }
        router.serve(JoinOrganization.self) { request, context in try await self.join(request, context) }
    }

    private func invitation(_ token: String, at wallTime: Instant) async throws -> CrossTenant.Invited {
        guard let token = Token(token), token.kind == .invitation,
            let invited = try await self.parts.crossTenant.invitation(token)
        else { throw Self.unknown }
        // Before anything is asked of a person for whom it is too late; decided again under the lock.
        var invitation = invited.invitation
        try invitation.accept(at: wallTime.advanced(bySeconds: invited.aheadSeconds))
        return invited
    }

    // MARK: - By the link

    private func accept(_ request: AcceptInvitation, _ context: CallContext) async throws -> Reply {
        let invited = try await self.invitation(request.token, at: context.wallTime)
        let person = try await self.person(invited, request, context)
        let inside = self.inside(context, invited, as: person.id)
        let arrival = try await Arrival(of: person, inside, self.parts)
        return try await self.parts.persistence.commands.run(AcceptInvitation.declaration, inside) { transaction in
            let (member, events) = try self.add(person, invited, inside, in: transaction)
            let organization = try self.parts.organizations.find(
                invited.organization,
                for: invited.organization,
                in: transaction
            )
            guard let organization else { throw Fault.notFound(Resource.organization.label) }
            let (started, grant) = try self.parts.sessions.begin(
                for: member,
                of: person.id,
                by: person.beginning(at: inside.wallTime),
                inside,
                in: transaction
            )
            try arrival.record(inside, in: transaction)
            return Outcome(try SignedIn.reply(organization, member, grant, inside), events: events + started)
        }
    }

    private func person(
        _ invited: CrossTenant.Invited,
        _ request: AcceptInvitation,
        _ context: CallContext
    ) async throws -> Person {
        if let user = try await self.parts.crossTenant.user(invited.email) {
            return try await self.known(user, invited, request, context)
        }
        guard let name = request.name else {
            throw Fault.invalid("/name", "required", "Somebody who is new here has a name.")
        }
        try PasswordRule.require(
            request.password,
            context: [name, invited.organizationName, invited.email.description, invited.email.local],
            isBlocked: CommonPasswords.contains
        )
        let password = try await self.parts.hasher.hash(request.password)
        return .new(Identifier.next(at: context.now), name: name, password)
    }

    private func known(
        _ user: CrossTenant.User,
        _ invited: CrossTenant.Invited,
        _ request: AcceptInvitation,
        _ context: CallContext
    ) async throws -> Person {
        guard user.password != nil else {
            throw Fault(
                .conflict,
                "You are known here and have no password yet. Ask for a link to set one, and accept then.",
                problems: [Problem("/password", "no_password", "Set a password by /v1/password-resets first.")]
            )
        }
        let proved = try await self.parts.throttle.attempt(invited.email, context) {
            try await PasswordProof(parts: self.parts).given(by: user, request.password, request.code, context)
        }
        return .known(proved)
    }

    // MARK: - By a session

    private func join(_ request: JoinOrganization, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let invited = try await self.invitation(request.token, at: context.wallTime)
        guard let user = try await self.parts.crossTenant.user(caller.subject), user.isActive,
            user.email == invited.email.description
        else {
            throw Fault(
                .conflict,
                "This invitation is to another address than yours.",
                problems: [Problem("/token", "other_address", "This invitation is to another address than yours.")]
            )
        }
        // No session begins here: what the one at hand rests on stays as it is.
        let person = Person.known(Proved(user: user, assurance: .password))
        let inside = self.inside(context, invited, as: person.id)
        return try await self.parts.persistence.commands.run(JoinOrganization.declaration, inside) { transaction in
            let (member, events) = try self.add(person, invited, inside, in: transaction)
            return Outcome(member.reply(status: 201, location: "/v1/members/\(member.id)"), events: events)
        }
    }

    // MARK: - Both

    /// The person acts in the organization that they are joining.
    private func inside(_ context: CallContext, _ invited: CrossTenant.Invited, as person: Identifier) -> CallContext {
        context.acting(
            as: Caller(
                kind: .member,
                subject: person,
                organization: invited.organization,
                role: invited.invitation.role,
                aheadSeconds: invited.aheadSeconds
            )
        )
    }

    /// Decides under the invitation's lock, for the very link that was presented.
    private func add(
        _ person: Person,
        _ invited: CrossTenant.Invited,
        _ context: CallContext,
        in transaction: borrowing Transaction
    ) throws -> (Stored, [EventRecord]) {
        let cause = try context.cause()
        let store = self.parts.invitations
        let stored = try store.lock(invited.id, for: invited.organization, in: transaction)
        guard try stored.row.text("token_sha256") == invited.tokenSHA256 else { throw Self.unknown }
        var invitation = try Invitation(stored.row)
        try invitation.accept(at: context.now)
        var events: [EventRecord] = []
        if let user = person.newUser(invited.email) {
            guard try user.insertUnlessKnown(at: context.wallTime, in: transaction) else {
                throw Fault(
                    .conflict,
                    "Somebody else is adding this person at the same moment. Try again.",
                    retryAfter: 1
                )
            }
            events.append(user.registered(because: cause))
        }
        let member = try self.parts.members.insert(
            Values([
                "user_id": .identifier(person.id), "name": .text(person.name),
                "email": .text(invited.email.description),
                "role": .text(invitation.role.rawValue),
            ]),
            for: invited.organization,
            at: context.now,
            in: transaction
        )
        var values = invitation.values
        values["member_id"] = .identifier(member.id)
        let accepted = try store.update(stored, values, for: invited.organization, at: context.now, in: transaction)
        events.append(store.event("accepted", .statusChanged, accepted, because: cause))
        events.append(self.parts.members.event("added", .created, member, because: cause))
        return (member, events)
    }
}
