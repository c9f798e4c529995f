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
    .body(Self.rowFields + [.text("password", max: PasswordRule.bytesMax, .password).redacted(.token)])
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
    static let countMax = 200

    static let declaration = OperationDeclaration(
        "identity.member.batch",
        .post("/v1/members/batch"),
        access: .manage("identity"),
        "Add many colleagues at once."
    )
    .described("At most \(Self.countMax) rows. `atomic` adds all or none, `partial` answers a status for each row.")
    .rows(AddMember.rowFields, countMax: Self.countMax)
    .answers(
        .object(
            "MemberBatchResult",
            [
                .integer("created", 0...Int64(Self.countMax)), .integer("refused", 0...Int64(Self.countMax)),
                .list("results", of: .document(bytesMax: Int.max), countMax: Self.countMax),
            ]
        )
    )
    .idempotent(.optional)
    .faults(.validationFailed, .conflict)
    .emits("member.added", "user.registered")

    let isAtomic: Bool
    /// Each row's values, or what is wrong with it.
    let rows: [Result<Values, Fault>]

    init(_ input: Values) throws(Fault) {
        self.isAtomic = try input.text("mode") == "atomic"
        guard case .list(let elements)? = input["rows"] else {
            throw Fault(.internalError, "the validated batch has no rows")
        }
        self.rows = elements.enumerated().map { index, element in
            var decoder = InputDecoder()
            let pointer = "/rows/\(index)"
            guard case .document(let json) = element else {
                return .failure(Fault.invalid(pointer, "type", "An object is expected here."))
            }
            let values = decoder.object(json, AddMember.rowFields, at: pointer)
            return decoder.problems.isEmpty ? .success(values) : .failure(Fault.invalid(decoder.problems))
        }
    }
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
            fields: [.object("data", Resource.member.visible)]
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
            if try new.insertUnlessKnown(at: context.now, in: transaction) {
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

    // MARK: - Many at once

    private func add(_ request: AddMembers, _ context: CallContext) async throws -> Reply {
        try await self.parts.persistence.commands.run(AddMembers.declaration, context) { transaction in
            var results: [Result<Stored, Fault>] = []
            var events: [EventRecord] = []
            for (index, row) in request.rows.enumerated() {
                do {
                    let values = try row.get()
                    let (member, caused) =
                        request.isAtomic
                        ? try self.insert(try MemberRow(values), nil, context, in: transaction)
                        : try transaction.savepoint {
                            try self.insert(try MemberRow(values), nil, context, in: transaction)
                        }
                    results.append(.success(member))
                    events += caused
                } catch {
                    guard let fault = Self.refusal(error) else { throw error }
                    guard !request.isAtomic else { throw Self.placed(fault, at: index) }
                    results.append(.failure(Self.placed(fault, at: index)))
                }
            }
            return Outcome(Reply(body: Self.answer(results, context.requestID)), events: events)
        }
    }

    /// A refusal of one row; anything else ends the whole batch.
    private static func refusal(_ error: any Error) -> Fault? {
        let fault =
            (error as? Fault) ?? (error as? Rejection).map(Fault.init)
            ?? (error as? SQLFault).flatMap(Fault.init(describing:))
        return fault.flatMap { (400..<500).contains($0.code.httpStatus) ? $0 : nil }
    }

    /// The same refusal with pointers that start at its row.
    private static func placed(_ fault: Fault, at index: Int) -> Fault {
        var fault = fault
        fault.problems = fault.problems.map { problem in
            problem.pointer.hasPrefix("/rows/")
                ? problem : Problem("/rows/\(index)\(problem.pointer)", problem.code, problem.detail)
        }
        if fault.problems.isEmpty { fault.problems = [Problem("/rows/\(index)", fault.code.rawValue, fault.detail)] }
        return fault
    }

    private static func answer(_ results: [Result<Stored, Fault>], _ requestID: Identifier) -> [UInt8] {
        let created = results.count { if case .success = $0 { true } else { false } }
        var writer = JSONWriter(capacity: 256 * results.count + 64)
        writer.beginObject()
        writer.key("created")
        writer.int(Int64(created))
        writer.key("refused")
        writer.int(Int64(results.count - created))
        writer.key("results")
        writer.beginArray()
        for (index, result) in results.enumerated() {
            writer.beginObject()
            writer.key("index")
            writer.int(Int64(index))
            writer.key("status")
            switch result {
            case .success(let member):
                writer.int(201)
                writer.key("id")
                writer.string(member.id.description)
                writer.key("object")
                writer.raw(member.json)
            case .failure(let fault):
                writer.int(Int64(fault.code.httpStatus))
                writer.key("error")
                writer.raw(fault.problemDetails(requestID: requestID.description))
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.finish()
    }
}
