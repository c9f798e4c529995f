internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Makes another member owner in one's own place.
struct TransferOwnership: Operation {
    static let declaration = OperationDeclaration(
        "identity.organization.transfer_ownership",
        .post("/v1/organization/transfer-ownership"),
        access: Access(.role(.owner), scope: "session"),
        "Make another member owner in your place."
    )
    .described(
        """
        You stay as an admin. Your password is asked for, so that a session that was left open does not give the firm away; wrong ones \
        count as wrong sign-ins do. Other owners are not touched.
        """
    )
    .body([
        .identifier("member_id").required(), .text("password", max: PasswordRule.bytesMax, .password).required(),
    ])
    .stepUp()
    .answers(.object("Member", Resource.member.visible))
    .faults(.notFound, .conflict, .validationFailed, .unavailable)
    .emits("member.role_changed")

    let member: Identifier
    let password: String

    init(_ input: Values) throws(Fault) {
        self.member = try input.identifier("member_id")
        self.password = try input.text("password")
    }
}

/// Serves transfers: both roles change in one transaction, so that there is an owner at any moment.
struct OwnershipTransfers: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(TransferOwnership.self) { request, context in
            let caller = try context.caller()
            _ = try await PresentPassword(parts: self.parts).verify(
                request.password,
                of: caller.subject,
                at: "/password",
                context
            )
            return try await self.transfer(request, context)
        }
    }

    private func transfer(_ request: TransferOwnership, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let members = self.parts.members
        let moves = MemberMoves(parts: self.parts)
        return try await self.parts.persistence.commands.run(TransferOwnership.declaration, context) { transaction in
            _ = try moves.lockedOwnerCount(of: caller.organization, in: transaction)
            let others = try members.rows(
                where: "(id = $2 OR user_id = $3) ORDER BY id FOR UPDATE",
                [.uuid(request.member), .uuid(caller.subject)],
                for: caller.organization,
                in: transaction
            )
            guard let heir = others.first(where: { $0.id == request.member }) else {
                throw Fault.notFound(Resource.member.label)
            }
            guard let own = try others.first(where: { try Membership($0).userID == caller.subject }) else {
                throw Fault(.forbidden, "You do not belong to this organization any more.")
            }
            var (giver, taker) = (try Membership(own), try Membership(heir))
            try giver.transferOwnership(to: &taker)
            let changed = try [(heir, taker), (own, giver)].map { before, membership in
                let after = try members.update(
                    before,
                    Values(["role": .text(membership.role.rawValue)]),
                    for: caller.organization,
                    at: context.now,
                    in: transaction
                )
                return (before, after)
            }
            try moves.forget(caller.organization, in: transaction)
            return Outcome(
                changed[0].1.reply(),
                events: changed.map { members.event("role_changed", .updated, $1, previous: $0, because: cause) }
            )
        }
    }
}
