internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Keeps a member out, with everything that is theirs.
struct DeactivateMember: Operation {
    static let declaration = OperationDeclaration(
        "identity.member.deactivate",
        .post("/v1/members/{id}/deactivate"),
        access: .manage("identity"),
        "Keep a member out."
    )
    .described(
        """
        Their sessions here end at once, and the API keys they made stop working until they are let in again. What they did stays \
        theirs. Admins decide about everybody but owners; the last active owner stays in.
        """
    )
    .answers(.object("Member", Resource.member.visible))
    .idempotent(.optional)
    .faults(.notFound, .conflict, .invalidTransition, .stale)
    .emits("member.deactivated", "session.ended")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Lets a member in again.
struct ReactivateMember: Operation {
    static let declaration = OperationDeclaration(
        "identity.member.reactivate",
        .post("/v1/members/{id}/reactivate"),
        access: .manage("identity"),
        "Let a member in again."
    )
    .described("They sign in as before, and the API keys they made work again.")
    .answers(.object("Member", Resource.member.visible))
    .idempotent(.optional)
    .faults(.notFound, .conflict, .invalidTransition, .stale)
    .emits("member.reactivated")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Serves both, under the same locks as every other move of members.
struct MemberActivity: Sendable {
    let parts: IdentityParts
    private var moves: MemberMoves { MemberMoves(parts: self.parts) }

    static let events: [EventDeclaration] = {
        let fields: [Field] = [.object("data", Resource.member.told), .document("previous")]
        return [
            EventDeclaration("member.deactivated", .statusChanged, "A member is kept out.", fields: fields),
            EventDeclaration("member.reactivated", .statusChanged, "A member was let in again.", fields: fields),
        ]
    }()

    func register(in router: inout Router) {
        router.serve(DeactivateMember.self) { request, context in try await self.deactivate(request, context) }
        router.serve(ReactivateMember.self) { request, context in try await self.reactivate(request, context) }
        router.publishes(Self.events)
    }

    private func deactivate(_ request: DeactivateMember, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let sessions = self.parts.sessions
        return try await self.parts.persistence.commands.run(DeactivateMember.declaration, context) { transaction in
            let ownerCount = try self.moves.lockedOwnerCount(of: caller.organization, in: transaction)
            let before = try self.parts.members.lock(request.id, for: caller.organization, in: transaction)
            try before.require(context.ifMatch)
            var membership = try Membership(before)
            try membership.deactivate(by: self.moves.actor(caller, in: transaction), ownerCount: ownerCount)
            let after = try self.save(membership, over: before, caller, at: context.now, in: transaction)
            let ended = try sessions.endAll(
                of: after.id,
                because: .memberDeactivated,
                of: caller.organization,
                at: context.now,
                in: transaction
            )
            let event = self.parts.members.event(
                "deactivated",
                .statusChanged,
                after,
                previous: before,
                because: cause
            )
            return Outcome(
                after.reply(),
                events: [event] + ended.map { sessions.store.event("ended", .statusChanged, $0, because: cause) }
            )
        }
    }

    private func reactivate(_ request: ReactivateMember, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        return try await self.parts.persistence.commands.run(ReactivateMember.declaration, context) { transaction in
            let before = try self.parts.members.lock(request.id, for: caller.organization, in: transaction)
            try before.require(context.ifMatch)
            var membership = try Membership(before)
            try membership.reactivate(by: self.moves.actor(caller, in: transaction))
            let after = try self.save(membership, over: before, caller, at: context.now, in: transaction)
            return Outcome(
                after.reply(),
                events: [
                    self.parts.members.event("reactivated", .statusChanged, after, previous: before, because: cause)
                ]
            )
        }
    }

    private func save(
        _ membership: Membership,
        over before: Stored,
        _ caller: Caller,
        at now: Instant,
        in transaction: borrowing Transaction
    ) throws -> Stored {
        // Gateways forget all of the organization's credentials: the API keys that the member made are among them.
        try self.moves.forget(caller.organization, in: transaction)
        return try self.parts.members.update(
            before,
            Values(["status": .text(membership.status.rawValue)]),
            for: caller.organization,
            at: now,
            in: transaction
        )
    }
}
