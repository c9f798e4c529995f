internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// The caller's live sessions, newest first.
struct ListSessions: Operation {
    static let declaration = OperationDeclaration(
        "identity.session.list",
        .get("/v1/sessions"),
        access: .person,
        "List your sessions in this organization."
    )
    .described("The newest \(SessionOperations.listedMax) that have not ended, on one page.")
    .answers(.page("Session", OwnSession.fields))

    init(_ input: Values) throws(Fault) {}
}

/// The session of this very request.
struct GetCurrentSession: Operation {
    static let declaration = OperationDeclaration(
        "identity.session.current",
        .get("/v1/sessions/current"),
        access: .person,
        "Read the session you are using."
    )
    .answers(.object("Session", OwnSession.fields))
    .faults(.notFound)

    init(_ input: Values) throws(Fault) {}
}

/// Ends the session of this very request.
struct SignOut: Operation {
    static let declaration = OperationDeclaration(
        "identity.session.sign_out",
        .delete("/v1/sessions/current"),
        access: .person,
        "Sign out."
    )
    .described("Its tokens stop working at once.")
    .answersNothing()
    .session(.ends)
    .faults(.notFound)
    .emits("session.ended")

    init(_ input: Values) throws(Fault) {}
}

/// Ends another session of the caller: a lost laptop's.
struct EndSession: Operation {
    static let declaration = OperationDeclaration(
        "identity.session.end",
        .delete("/v1/sessions/{id}"),
        access: .person,
        "End one of your sessions."
    )
    .answersNothing()
    .session(.ends)
    .faults(.notFound)
    .emits("session.ended")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Serves what a person does with the sessions they have.
struct SessionOperations: Sendable {
    static let listedMax = 100

    let parts: IdentityParts
    private let own = ResourceStore(.ownSession)

    init(_ parts: IdentityParts) { self.parts = parts }

    func register(in router: inout Router) {
        router.serve(ListSessions.self) { _, context in try await self.list(context) }
        router.serve(GetCurrentSession.self) { _, context in
            let caller = try context.caller()
            let session = try await self.own.read(
                try Self.current(caller),
                for: caller.organization,
                in: self.parts.persistence.database,
                deadline: context.deadline
            )
            return Reply(
                body: try OwnSession.json(session, seenFrom: caller.session),
                etag: session.version
            )
        }
        router.serve(SignOut.self) { _, context in
            try await self.end(
                try Self.current(try context.caller()),
                because: .signedOut,
                SignOut.declaration,
                context
            )
        }
        router.serve(EndSession.self) { request, context in
            try await self.end(request.id, because: .ended, EndSession.declaration, context)
        }
        router.publishes(Sessions.events)
    }

    static func current(_ caller: Caller) throws(Fault) -> Identifier {
        guard let session = caller.session else { throw Fault(.notFound, "This credential is not a session.") }
        return session
    }

    private func list(_ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let sessions = try await self.parts.persistence.database.transaction(.organization(caller.organization)) {
            transaction in
            try self.own.rows(
                where:
                    "user_id = $2 AND ended_at IS NULL AND expires_at > $3 ORDER BY created_at DESC, id DESC LIMIT $4",
                [.uuid(caller.subject), .instant(context.now), .int(Int64(Self.listedMax))],
                for: caller.organization,
                in: transaction
            )
        }
        var writer = JSONWriter()
        writer.beginPage()
        for session in sessions { writer.raw(try OwnSession.json(session, seenFrom: caller.session)) }
        writer.endPage(next: nil)
        return Reply(body: writer.finish())
    }

    /// Another person's session is as unknown as one that never was.
    private func end(
        _ id: Identifier,
        because end: Sessions.End,
        _ declaration: OperationDeclaration,
        _ context: CallContext
    ) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let sessions = self.parts.sessions
        return try await self.parts.persistence.commands.run(declaration, context) { transaction in
            let session = try sessions.store.lock(id, for: caller.organization, in: transaction)
            guard try session.row.uuid("user_id") == caller.subject, try session.row.instantOrNil("ended_at") == nil
            else {
                throw Fault.notFound(Resource.session.label)
            }
            let ended = try sessions.end(
                session,
                because: end,
                of: caller.organization,
                at: context.now,
                in: transaction
            )
            return Outcome(
                id == caller.session ? .ended : .nothing,
                events: [sessions.store.event("ended", .statusChanged, ended, because: cause)]
            )
        }
    }
}
