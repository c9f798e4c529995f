internal import Contracts
internal import EventLog
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Adds a colleague.
struct AddMember: Operation {
    static let declaration = OperationDeclaration(
        "identity.member.add",
        .post("/v1/members"),
        access: .manage("identity"),
        "Add a colleague."
    )
    .described(
        """
        Somebody who is known here already joins as who they are, and keeps their password: one given here is not taken then. \
        Without a password a new colleague cannot sign in yet.
        """
    )
    .body(Self.rowFields + [.text("password", max: PasswordRule.bytesMax, .password)])
    .stepUp(.toGivePower)
    .answers(.object("Member", Resource.member.visible), status: 201)
    .idempotent(.optional)
    .faults(.validationFailed, .conflict, .unavailable)
    .emits("member.added", "user.registered")

    static let rowFields: [Field] = [
        .text("name", max: 200).required().redacted(.name).example("Grace Hopper"),
        .email("email").required().example("grace@example.com"),
        .choice("role", Role.self).required(),
    ]

    let row: MemberRow
    let password: String?

    init(_ input: Values) throws(Fault) {
        self.row = try MemberRow(input)
        self.password = input.optionalText("password")
    }
}

/// Adds many colleagues at once.
struct AddMembers: Operation {
    static let declaration = OperationDeclaration(
        "identity.member.batch",
        .post("/v1/members/batch"),
        access: .manage("identity"),
        "Add many colleagues at once."
    )
    .described("At most \(Batch.rowsMax) rows. `atomic` adds all or none, `partial` answers a status for each row.")
    .rows(AddMember.rowFields, countMax: Batch.rowsMax)
    .stepUp(.toGivePower)
    .answers(.object("MemberBatchResult", Batch.answer))
    .idempotent(.optional)
    .faults(.validationFailed, .conflict)
    .emits("member.added", "user.registered")

    let batch: Batch

    init(_ input: Values) throws(Fault) { self.batch = try Batch(input, of: AddMember.rowFields) }
}

extension StepUp {
    /// Where somebody is given a role that rules over others.
    static let toGivePower = StepUp(where: Condition("role", in: [Role.admin.rawValue, Role.owner.rawValue]))
}

/// A colleague to be added.
struct MemberRow: Sendable {
    let name: String
    let email: EmailAddress
    let role: Role

    init(_ input: Values) throws(Fault) {
        self.name = try input.text("name")
        self.role = Role(rawValue: try input.text("role")) ?? .viewer
        let text = try input.text("email")
        do throws(Rejection) { self.email = try EmailAddress(text) } catch { throw Fault(error) }
    }
}

/// Serves additions.
struct MemberAdditions: Sendable {
    let parts: IdentityParts

    static let events: [EventDeclaration] = [
        EventDeclaration(
            "member.added",
            .created,
            "Somebody joined the organization.",
            fields: [.object("data", Resource.member.told)]
        )
    ]

    func register(in router: inout Router) {
        router.serve(AddMember.self) { request, context in try await self.add(request, context) }
        router.serve(AddMembers.self) { request, context in try await self.add(request, context) }
        router.publishes(Self.events)
    }

    private func add(_ request: AddMember, _ context: CallContext) async throws -> Reply {
        var password: PasswordHash?
        if let text = request.password {
            let email = request.row.email
            try PasswordRule.require(
                text,
                context: [request.row.name, email.description, email.local],
                isBlocked: CommonPasswords.contains
            )
            // Hashed before the transaction, whether or not it will be needed: nothing slow happens inside.
            password = try await self.parts.hasher.hash(text)
        }
        let hash = password
        return try await self.parts.persistence.commands.run(AddMember.declaration, context) { transaction in
            let (member, events) = try self.insert(request.row, hash, context, in: transaction)
            return Outcome(member.reply(status: 201, location: "/v1/members/\(member.id)"), events: events)
        }
    }

    private func insert(
        _ row: MemberRow,
        _ password: PasswordHash?,
        _ context: CallContext,
        in transaction: borrowing Transaction
    ) throws -> (Stored, [EventRecord]) {
        let caller = try context.caller()
        let cause = try context.cause()
        try Membership(userID: caller.subject, role: caller.role).requirePower(over: row.role)
        var events: [EventRecord] = []
        var user = try self.user(row.email, in: transaction)
        if user == nil {
            let new = NewUser(
                id: Identifier.next(at: context.now),
                email: row.email,
                name: row.name,
                password: password
            )
            if try new.insertUnlessKnown(at: context.wallTime, in: transaction) {
                user = new.id
                events.append(new.registered(because: cause))
            } else {
                user = try self.user(row.email, in: transaction)
            }
        }
        guard let user else {
            throw Fault(.conflict, "Somebody else is adding this person at the same moment. Try again.", retryAfter: 1)
        }
        let member = try self.parts.members.insert(
            Values([
                "user_id": .identifier(user), "name": .text(row.name), "email": .text(row.email.description),
                "role": .text(row.role.rawValue),
            ]),
            for: caller.organization,
            at: context.now,
            in: transaction
        )
        events.append(self.parts.members.event("added", .created, member, because: cause))
        return (member, events)
    }

    private func user(_ email: EmailAddress, in transaction: borrowing Transaction) throws(SQLFault) -> Identifier? {
        try transaction.query("SELECT identity_user_of($1) AS id", [.text(email.description)])[0].uuidOrNil("id")
    }

    private func add(_ request: AddMembers, _ context: CallContext) async throws -> Reply {
        try await self.parts.persistence.commands.run(AddMembers.declaration, context) { transaction in
            try request.batch.run(context, in: transaction) { values, _, transaction in
                try self.insert(try MemberRow(values), nil, context, in: transaction)
            }
        }
    }
}
