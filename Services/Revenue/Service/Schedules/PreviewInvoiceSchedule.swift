internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Shows the next invoices of a schedule before they exist.
struct PreviewInvoiceSchedule: Operation {
    static let countMax: Int64 = 60

    static let declaration = OperationDeclaration(
        "revenue.invoice_schedule.preview",
        .get("/v1/invoice-schedules/{id}/preview"),
        access: .read("revenue"),
        "Preview the next invoices of a schedule."
    )
    .described(
        "The periods that come next and what each would bill, as the schedule stands. A paused schedule shows what it would bill if it were resumed today."
    )
    .query([.integer("count", 1...Self.countMax).defaulting(to: 12).described("How many periods.")])
    .answers(
        .object(
            "InvoiceSchedulePreview",
            [
                .identifier("schedule_id"), .currency(),
                .list(
                    "periods",
                    of: [
                        .integer("index", 0...Int64(Recurrence.periodsMax)), .date("period_start"), .date("period_end"),
                        .integer("billed_days", 1...100_000).nullable(), .date("due_on"), .money("net_minor"),
                        .money("tax_minor"),
                        .money("total_minor"),
                    ],
                    countMax: Int(Self.countMax)
                ),
            ]
        )
    )
    .faults(.notFound)

    let id: Identifier
    let count: Int

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.count = Int(try input.integer("count"))
    }

    static func register(in router: inout Router, _ schedules: ResourceStore, _ database: Database) {
        router.serve(PreviewInvoiceSchedule.self) { request, context in
            let caller = try context.caller()
            let stored = try await schedules.read(
                request.id,
                for: caller.organization,
                in: database,
                deadline: context.deadline
            )
            let schedule = try InvoiceSchedule(stored)
            let terms = Int(try stored.row.int("payment_terms_days"))
            var periods: [JSON] = []
            var index = schedule.nextIndex
            if schedule.status == .paused {
                // What begins before it is resumed is skipped.
                let today = caller.zone.date(at: context.now)
                index = max(
                    index,
                    (schedule.recurrence.lastIndex(startingOnOrBefore: today.adding(days: -1)) ?? -1) + 1
                )
            }
            while schedule.status != .completed, periods.count < request.count,
                let period = schedule.recurrence.period(index)
            {
                let draft = try ScheduleRun.draft(period, of: stored)
                var shown: JSONObject = [
                    "index": .int(Int64(index)), "period_start": .string(period.startOn.description),
                    "period_end": .string(period.endOn.description),
                    "due_on": .string(period.startOn.adding(days: terms).description),
                ]
                for name in ["billed_days", "net_minor", "tax_minor", "total_minor"] {
                    shown[name] = draft[name]?.json ?? .null
                }
                periods.append(.object(shown))
                index += 1
            }
            let answer: JSON = [
                "schedule_id": .string(request.id.description), "currency": .string(try stored.row.text("currency")),
                "periods": .array(periods),
            ]
            return Reply(body: answer.bytes)
        }
    }
}
