internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Stops a schedule for a while.
struct PauseInvoiceSchedule: Operation {
    static let declaration = OperationDeclaration(
        "revenue.invoice_schedule.pause",
        .post("/v1/invoice-schedules/{id}/pause"),
        access: .manage("revenue"),
        "Pause a schedule."
    )
    .described(
        """
        Periods that begin while it is paused are skipped; the anchor never shifts. A schedule that its engagement's hold has paused can \
        be paused as well, and then stays paused when the engagement is resumed.
        """
    )
    .body([.text("reason", max: 2_000)])
    .answers(.object("InvoiceSchedule", Resource.invoiceSchedule.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale)
    .emits("invoice_schedule.paused", "invoice_schedule.updated")

    let id: Identifier
    let reason: String?

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.reason = input.optionalText("reason")
    }
}

/// Lets a paused schedule bill again.
struct ResumeInvoiceSchedule: Operation {
    static let declaration = OperationDeclaration(
        "revenue.invoice_schedule.resume",
        .post("/v1/invoice-schedules/{id}/resume"),
        access: .manage("revenue"),
        "Resume a paused schedule."
    )
    .described(
        "It bills again from the first period that begins today or later. What an engagement's hold has paused is resumed with it."
    )
    .answers(.object("InvoiceSchedule", Resource.invoiceSchedule.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .conflict, .stale)
    .emits("invoice_schedule.resumed")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }
}

/// Serves the moves of a schedule.
struct ScheduleMoves: Sendable {
    let schedules: ResourceStore
    let commands: Commands

    private static let data: [Field] = [.object("data", Resource.invoiceSchedule.told), .document("previous")]

    static let events = [
        EventDeclaration(
            "invoice_schedule.created",
            .created,
            "A plan of recurring invoices began.",
            fields: [data[0]]
        ),
        EventDeclaration(
            "invoice_schedule.paused",
            .statusChanged,
            "A schedule bills nothing until it is resumed.",
            fields: data
        ),
        EventDeclaration("invoice_schedule.resumed", .statusChanged, "A paused schedule bills again.", fields: data),
        EventDeclaration(
            "invoice_schedule.completed",
            .statusChanged,
            "A schedule's last period was billed.",
            fields: data
        ),
    ]

    func register(in router: inout Router) {
        router.serve(PauseInvoiceSchedule.self) { request, context in
            try await self.move(request.id, PauseInvoiceSchedule.declaration, context) { schedule, today in
                try schedule.pause(on: today, because: request.reason)
            }
        }
        router.serve(ResumeInvoiceSchedule.self) { request, context in
            try await self.move(request.id, ResumeInvoiceSchedule.declaration, context) { schedule, today in
                try schedule.resume(on: today)
            }
        }
        router.publishes(Self.events)
    }

    private func move(
        _ id: Identifier,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ rule: @escaping @Sendable (inout InvoiceSchedule, LocalDate) throws -> InvoiceScheduleEvent
    ) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        return try await self.commands.run(declaration, context) { transaction in
            let before = try self.schedules.lock(id, for: caller.organization, in: transaction)
            try before.require(context.ifMatch)
            var schedule = try InvoiceSchedule(before)
            let happened = try rule(&schedule, caller.zone.date(at: context.now))
            guard schedule.pauses.count <= ScheduleRules.pausesMax else {
                throw Rejection.conflict(
                    "too_many_pauses",
                    "A schedule pauses \(ScheduleRules.pausesMax) times at most."
                )
            }
            let after = try self.schedules.update(
                before,
                schedule.columns,
                for: caller.organization,
                at: context.now,
                in: transaction
            )
            return Outcome(
                after.reply(),
                events: [
                    self.schedules.event(happened.type, happened.activity, after, previous: before, because: cause)
                ]
            )
        }
    }
}
