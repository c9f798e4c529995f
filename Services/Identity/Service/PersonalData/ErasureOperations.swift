internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// Asks to be forgotten.
struct ScheduleErasure: Operation {
    static let declaration = OperationDeclaration(
        "identity.erasure.schedule",
        .post("/v1/me/erasure"),
        access: .person,
        "Ask to be forgotten."
    )
    .described(
        """
        Everything that says who you are is deleted after \(Erasure.waitSeconds / 86_400) days, in all of your organizations; until then \
        you can withdraw it, and you are told by mail. What you did stays in the organizations' books under a number. The only owner of an \
        organization is refused: `status` says so, and `refusals` where.
        """
    )
    .notRehearsed()
    .stepUp()
    .answers(.object("Erasure", UserErasure.fields), status: 201)
    .faults(.conflict)
    .emits("user.erasure_scheduled", "user.erasure_refused")

    init(_ input: Values) throws(Fault) {}
}

/// What has become of it.
struct GetErasure: Operation {
    static let declaration = OperationDeclaration(
        "identity.erasure.get",
        .get("/v1/me/erasure"),
        access: .person,
        "Read what becomes of your wish to be forgotten."
    )
    .answers(.object("Erasure", UserErasure.fields))
    .faults(.notFound)

    init(_ input: Values) throws(Fault) {}
}

/// Would rather not be forgotten.
struct WithdrawErasure: Operation {
    static let declaration = OperationDeclaration(
        "identity.erasure.withdraw",
        .post("/v1/me/erasure/withdraw"),
        access: .person,
        "Withdraw your wish to be forgotten."
    )
    .notRehearsed()
    .answers(.object("Erasure", UserErasure.fields))
    .faults(.notFound, .invalidTransition)
    .emits("user.erasure_withdrawn")

    init(_ input: Values) throws(Fault) {}
}

/// Serves what a person does about it; ``Erasures`` carries it out.
struct ErasureOperations: Sendable {
    let parts: IdentityParts

    private static let missing = Fault(.notFound, "You have not asked to be forgotten.")

    func register(in router: inout Router) {
        router.serve(ScheduleErasure.self) { _, context in try await self.schedule(context) }
        router.serve(GetErasure.self) { _, context in
            let rows = try await self.parts.crossTenant.look(
                UserErasure.latest,
                [.uuid(try context.caller().subject)]
            )
            guard let row = rows.first else { throw Self.missing }
            return Reply(body: try UserErasure(row).reply.bytes)
        }
        router.serve(WithdrawErasure.self) { _, context in try await self.withdraw(context) }
        router.publishes(Erasures.events)
    }

    private func schedule(_ context: CallContext) async throws -> Reply {
        let erasure = try await self.record(context) { erasures, user, visits in
            if let earlier = try erasures.latest(of: user, in: visits), earlier.state.status == .scheduled {
                throw Fault(
                    .conflict,
                    "You have asked already: it is going to happen on \(earlier.state.dueAt).",
                    problems: [Problem("", "erasure_scheduled", "Withdraw it, or wait.")]
                )
            }
            var erasure = UserErasure(of: user, at: context.wallTime)
            erasure.refusals = try erasures.refusals(of: user, in: visits)
            if !erasure.refusals.isEmpty {
                try erasure.state.refuse()
                erasure.endedAt = context.wallTime
            }
            return erasure
        }
        return Reply(status: 201, body: erasure.reply.bytes, location: "/v1/me/erasure")
    }

    private func withdraw(_ context: CallContext) async throws -> Reply {
        let erasure = try await self.record(context) { erasures, user, visits in
            guard var erasure = try erasures.latest(of: user, in: visits) else { throw Self.missing }
            try erasure.state.withdraw()
            erasure.endedAt = context.wallTime
            return erasure
        }
        return Reply(body: erasure.reply.bytes)
    }

    /// Writes down what `decide` makes of the caller's wish, while nothing else happens to them.
    private func record(
        _ context: CallContext,
        _ decide: @Sendable @escaping (Erasures, _ user: Identifier, borrowing Visits) throws -> UserErasure
    ) async throws -> UserErasure {
        let caller = try context.caller()
        let erasures = Erasures(parts: self.parts)
        return try await self.parts.crossTenant.visit { visits in
            let user = try erasures.lock(caller.subject, in: visits)
            let erasure = try decide(erasures, user.id, visits)
            try erasures.record(
                erasure,
                of: user,
                by: caller.actor,
                since: context.requestID,
                at: context.wallTime,
                in: visits
            )
            return erasure
        }
    }
}
