internal import Contracts
internal import IdentityDomain
internal import Postgres
internal import Resources
internal import Vocabulary

/// What time it is in an organization.
enum SandboxClock {
    static let fields: [Field] = [
        .instant("now").described("The organization's time."),
        .integer("ahead_seconds", SandboxClockLimits.totalSeconds).described(
            "How far that is ahead of everybody else's."
        ),
        .boolean("is_sandbox").described("Whether it can be advanced."),
    ]

    static func reply(_ organization: Stored, at wallTime: Instant) throws -> Reply {
        let ahead = try organization.row.int("clock_ahead_seconds")
        let answer: JSON = [
            "now": .string(wallTime.advanced(bySeconds: ahead).description), "ahead_seconds": .int(ahead),
            "is_sandbox": .bool(try organization.row.bool("is_sandbox")),
        ]
        return Reply(body: answer.bytes)
    }
}

/// Reads it.
struct GetSandboxClock: Operation {
    static let declaration = OperationDeclaration(
        "identity.sandbox_clock.get",
        .get("/v1/sandbox/clock"),
        access: .read("identity"),
        "Read what time it is in your organization."
    )
    .answers(.object("SandboxClock", SandboxClock.fields))

    init(_ input: Values) throws(Fault) {}
}

/// Puts a sandbox's clock forward.
struct AdvanceSandboxClock: Operation {
    static let declaration = OperationDeclaration(
        "identity.sandbox_clock.advance",
        .post("/v1/sandbox/clock"),
        access: .manage("identity"),
        "Advance the clock of your sandbox."
    )
    .described(
        """
        Everything of the organization follows within seconds: schedules bill, offers and invitations expire, invoices become overdue, and \
        sessions that have had their time are over, this one too; an API key without an end goes on. There is no way back. At most \
        \(SandboxClockLimits.stepSecondsMax / 86_400) days a step and \(SandboxClockLimits.totalSecondsMax / 86_400) days in all.
        """
    )
    .body([.integer("advance_seconds", 1...SandboxClockLimits.stepSecondsMax).required().example(86_400)])
    .answers(.object("SandboxClock", SandboxClock.fields))
    .idempotent(.optional)
    .faults(.validationFailed, .conflict)
    .emits("organization.updated")

    let seconds: Int64

    init(_ input: Values) throws(Fault) { self.seconds = try input.integer("advance_seconds") }
}

/// Serves sandboxes' clocks.
struct SandboxClocks: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(GetSandboxClock.self) { _, context in
            let own = try context.caller().organization
            let organization = try await self.parts.organizations.read(
                own,
                for: own,
                in: self.parts.persistence.database,
                deadline: context.deadline
            )
            return try SandboxClock.reply(organization, at: context.wallTime)
        }
        router.serve(AdvanceSandboxClock.self) { request, context in try await self.advance(request, context) }
    }

    private func advance(_ request: AdvanceSandboxClock, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        return try await self.parts.persistence.commands.run(AdvanceSandboxClock.declaration, context) { transaction in
            let organizations = self.parts.organizations
            let before = try organizations.lock(caller.organization, for: caller.organization, in: transaction)
            guard try before.row.bool("is_sandbox") else {
                throw Rejection.conflict(
                    "not_a_sandbox",
                    "Only a sandbox has a clock that can be advanced. Sign one up with `is_sandbox`."
                )
            }
            let ahead = try before.row.int("clock_ahead_seconds") + request.seconds
            guard ahead <= SandboxClockLimits.totalSecondsMax else {
                throw Rejection.conflict(
                    "too_far_ahead",
                    "A sandbox's clock goes at most \(SandboxClockLimits.totalSecondsMax / 86_400) days ahead in all."
                )
            }
            let now = context.wallTime.advanced(bySeconds: ahead)
            let after = try organizations.update(
                before,
                Values(["clock_ahead_seconds": .integer(ahead)]),
                for: caller.organization,
                at: now,
                in: transaction
            )
            // What gateways know of its credentials says another time.
            try self.parts.revocations.revoke(of: caller.organization, in: transaction)
            let cause = Cause(
                actor: caller.actor,
                organization: caller.organization,
                causation: context.requestID,
                correlation: context.requestID,
                now: now
            )
            return Outcome(
                try SandboxClock.reply(after, at: context.wallTime),
                events: [organizations.event("updated", .updated, after, previous: before, because: cause)]
            )
        }
    }
}
