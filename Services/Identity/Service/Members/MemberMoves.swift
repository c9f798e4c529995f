internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Gives a member another role.
struct ChangeRole: Operation {
    static let declaration = OperationDeclaration(
        "identity.member.change_role",
        .post("/v1/members/{id}/change-role"),
        access: .manage("identity"),
        "Give a member another role."
    )
    .described("Admins decide over everybody but owners. The last owner stays one.")
    .body([.choice("role", Role.self).required()])
    .stepUp(.toGivePower)
    .answers(.object("Member", Resource.member.visible))
    .idempotent(.optional)
    .faults(.notFound, .conflict, .stale, .validationFailed)
    .emits("member.role_changed")

    let id: Identifier
    let role: Role

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.role = Role(rawValue: try input.text("role")) ?? .viewer
    }
}

/// Takes a member out of the organization, or lets them go.
struct RemoveMember: Operation {
    /// Who may take out others; themself everybody may.
    static let others = Access.manage("identity")

    static let declaration = OperationDeclaration(
        "identity.member.remove",
        .delete("/v1/members/{id}"),
        access: Access(.role(.viewer), scope: others.scope),
        "Remove a member, or leave."
    )
    .described(
        "Everybody may remove themself, admins and owners others too. The member's sessions here end and the API keys they made are "
            + "revoked, at once. The last owner stays."
    )
    .answersNothing()
    .session(.ends)
    .faults(.notFound, .conflict, .stale)
    .emits("member.removed", "api_key.revoked")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Serves what is done to members. Each move holds the organization's row, so that two owners cannot demote each other.
struct MemberMoves: Sendable {
    let parts: IdentityParts

    static let events: [EventDeclaration] = [
        EventDeclaration(
            "member.role_changed",
            .updated,
            "A member was given another role.",
            fields: [.object("data", Resource.member.told), .document("previous")]
        ),
        EventDeclaration(
            "member.removed",
            .deleted,
            "A member left or was removed.",
            fields: [.object("data", Resource.member.told)]
        ),
    ]

    func register(in router: inout Router) {
        router.serve(ChangeRole.self) { request, context in try await self.changeRole(request, context) }
        router.serve(RemoveMember.self) { request, context in try await self.remove(request, context) }
        router.publishes(Self.events)
    }

    private func changeRole(_ request: ChangeRole, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let members = self.parts.members
        return try await self.parts.persistence.commands.run(ChangeRole.declaration, context) { transaction in
            let ownerCount = try self.lockedOwnerCount(of: caller.organization, in: transaction)
            let before = try members.lock(request.id, for: caller.organization, in: transaction)
            try before.require(context.ifMatch)
            var membership = try Membership(before)
            let actor = try self.actor(caller, in: transaction)
            _ = try membership.changeRole(to: request.role, by: actor, ownerCount: ownerCount)
            let after = try members.update(
                before,
                Values(["role": .text(membership.role.rawValue)]),
                for: caller.organization,
                at: context.now,
                in: transaction
            )
            try self.forget(caller.organization, in: transaction)
            return Outcome(
                after.reply(),
                events: [members.event("role_changed", .updated, after, previous: before, because: cause)]
            )
        }
    }

    private func remove(_ request: RemoveMember, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let members = self.parts.members
        return try await self.parts.persistence.commands.run(RemoveMember.declaration, context) { transaction in
            let ownerCount = try self.lockedOwnerCount(of: caller.organization, in: transaction)
            let member = try members.lock(request.id, for: caller.organization, in: transaction)
            try member.require(context.ifMatch)
            let membership = try Membership(member)
            if caller.kind == .member, membership.userID == caller.subject {
                _ = try membership.leave(ownerCount: ownerCount)
            } else {
                try RemoveMember.others.check(caller)
                let actor = try self.actor(caller, in: transaction)
                _ = try membership.remove(by: actor, ownerCount: ownerCount)
            }
            let events = try self.end(member.id, because: cause, in: transaction)
            let isOwn = caller.kind == .member && membership.userID == caller.subject
            return Outcome(isOwn ? .ended : .nothing, events: events)
        }
    }

    // MARK: - Steps

    /// Takes a member out, with their sessions and the keys they made; whether they may go was asked before.
    func end(
        _ member: Identifier,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> [EventRecord] {
        let removed = try self.parts.members.end(
            where: "id = $3",
            [.uuid(member)],
            atMost: 1,
            for: cause.organization,
            at: cause.now,
            in: transaction
        )
        _ = try self.parts.sessions.endAll(
            of: member,
            because: .memberRemoved,
            of: cause.organization,
            at: cause.now,
            in: transaction
        )
        try self.forget(cause.organization, in: transaction)
        let keys = try APIKeys(self.parts).revokeAll(of: member, because: cause, in: transaction)
        return removed.map { self.parts.members.event("removed", .deleted, $0, because: cause) } + keys
    }

    /// How many active owners there are; it stays so until the transaction ends.
    func lockedOwnerCount(of organization: Identifier, in transaction: borrowing Transaction) throws -> Int {
        _ = try self.parts.organizations.lock(organization, for: organization, in: transaction)
        let rows = try transaction.query(
            """
            SELECT count(*) AS owners FROM organization_member
            WHERE organization_id = $1 AND role = 'owner' AND status = 'active' AND deleted_at IS NULL
            """,
            [.uuid(organization)]
        )
        return Int(try rows[0].int("owners"))
    }

    /// What the caller may do at this moment, under the lock: their role may have changed since their credential was resolved.
    func actor(_ caller: Caller, in transaction: borrowing Transaction) throws -> Membership {
        guard caller.kind == .member else { return Membership(userID: caller.subject, role: caller.role) }
        let rows = try self.parts.members.rows(
            where: "user_id = $2 AND status = 'active'",
            [.uuid(caller.subject)],
            for: caller.organization,
            in: transaction
        )
        guard let own = rows.first else { throw Fault(.forbidden, "You do not belong to this organization any more.") }
        return try Membership(own)
    }

    func forget(_ organization: Identifier, in transaction: borrowing Transaction) throws {
        // All credentials of the organization: the member's API keys change with the role too, and gateways ask again quickly.
        try self.parts.revocations.revoke(of: organization, in: transaction)
    }
}

extension Membership {
    /// Restores a membership from its row.
    init(_ stored: Stored) throws {
        self.init(
            userID: try stored.row.uuid("user_id"),
            role: try Role(stored: try stored.row.text("role")),
            status: try Status(stored: try stored.row.text("status"))
        )
    }
}
