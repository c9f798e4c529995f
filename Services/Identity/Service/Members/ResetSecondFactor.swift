internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Takes off the second factor of a colleague who has lost it, with all of its recovery codes.
struct ResetSecondFactor: Operation {
    static let declaration = OperationDeclaration(
        "identity.member.reset_second_factor",
        .post("/v1/members/{id}/reset-second-factor"),
        access: Access(.role(.admin), scope: "session"),
        "Take off a colleague's lost second factor."
    )
    .described(
        """
        They sign in by their password alone until they set up another one. Their sessions end at once, and they are told by mail. \
        Admins do so for everybody but owners, nobody for themself, and nobody for a colleague who belongs to other organizations too: \
        it would open those as well.
        """
    )
    .notRehearsed()
    .stepUp()
    .answersNothing()
    .faults(.notFound, .conflict)
    .emits("user.second_factor_reset", "session.ended")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Serves resets.
struct SecondFactorResets: Sendable {
    let parts: IdentityParts

    private static let belongsElsewhere = Rejection.conflict(
        "belongs_elsewhere",
        "This colleague belongs to other organizations too, whose doors this would open. They need a recovery code."
    )

    func register(in router: inout Router) {
        router.serve(ResetSecondFactor.self) { request, context in
            let caller = try context.caller()
            let member = try await self.parts.members.read(
                request.id,
                for: caller.organization,
                in: self.parts.persistence.database,
                deadline: context.deadline
            )
            guard let user = try await self.parts.crossTenant.user(try Membership(member).userID) else {
                throw Fault.notFound(Resource.member.label)
            }
            try await self.parts.crossTenant.visit { visits in
                try self.reset(request.id, user, context, in: visits)
            }
            return .nothing
        }
    }

    /// The factor first, then who has it, then where they belong: in this order everything locks that concerns a second factor.
    private func reset(
        _ member: Identifier,
        _ user: CrossTenant.User,
        _ context: CallContext,
        in visits: borrowing Visits
    ) throws {
        let caller = try context.caller()
        let wasOn = try SecondFactors.end(user.id, in: visits.system)
        var places = 0
        try SecondFactorNotices(parts: self.parts).tell(.reset, of: user, context, in: visits) { place, cause, visits in
            places += 1
            guard place.organization == caller.organization else { return [] }
            return try visits.visit(place.organization) { transaction in
                let stored = try self.parts.members.lock(member, for: place.organization, in: transaction)
                let actor = try MemberMoves(parts: self.parts).actor(caller, in: transaction)
                try Membership(stored).loseSecondFactor(by: actor)
                let ended = try self.parts.sessions.endAll(
                    of: member,
                    because: .secondFactorReset,
                    of: place.organization,
                    at: context.now,
                    in: transaction
                )
                return ended.map { self.parts.sessions.store.event("ended", .statusChanged, $0, because: cause) }
            }
        }
        // What was told goes back with the rest.
        guard places == 1 else { throw Self.belongsElsewhere }
        guard wasOn else { throw SecondFactorOperations.isOff }
    }
}
