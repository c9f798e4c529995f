internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Bills what is due of a schedule. The consumer that makes a schedule and the sweep that follows it run this same function.
struct ScheduleRun: Sendable {
    let schedules: ResourceStore
    let book: InvoiceBook

    /// Decides every period that has begun, up to `billsMax` invoices; the next run goes on from there. Deciding a period twice is
    /// impossible: the schedule's row is locked, and a period has one row.
    ///
    /// - Parameter before: The schedule, locked by this transaction.
    func run(
        _ before: Stored,
        today: LocalDate,
        billsMax: Int = InvoiceSchedule.periodsPerRunMax,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> (schedule: Stored, events: [EventRecord], billed: Int) {
        var schedule = try InvoiceSchedule(before)
        var events: [EventRecord] = []
        var billed = 0
        var isCompleted = false
        let decisions = schedule.due(on: today)
        guard !decisions.isEmpty else { return (before, [], 0) }
        for decision in decisions where billed < billsMax {
            var invoiceID: Identifier?
            var outcome = "billed"
            switch decision.action {
            case .bill:
                let made = try self.book.draft(
                    try Self.draft(decision.period, of: before),
                    as: try InvoiceBook.Auto(stored: try before.row.text("auto")),
                    today: today,
                    because: cause,
                    in: transaction
                )
                invoiceID = made.invoice.id
                events += made.events
                billed += 1
            case .skip(let reason):
                outcome = reason.rawValue
            }
            try transaction.queue(
                """
                INSERT INTO invoice_schedule_period (organization_id, schedule_id, period_start, period_end, period_index, outcome,
                    invoice_id, decided_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [
                    .uuid(cause.organization), .uuid(before.id), .date(decision.period.startOn),
                    .date(decision.period.endOn),
                    .int(Int64(decision.period.index)), .text(outcome), invoiceID.map(SQLValue.uuid) ?? .null,
                    .instant(cause.now),
                ]
            )
            if try schedule.handled(decision.period) != nil { isCompleted = true }
        }
        let after = try self.schedules.update(
            before,
            schedule.columns,
            for: cause.organization,
            at: cause.now,
            in: transaction
        )
        if isCompleted {
            events.append(self.schedules.event("completed", .statusChanged, after, previous: before, because: cause))
        }
        return (after, events, billed)
    }

    // MARK: - One period

    /// The columns of a period's invoice, and so of its preview.
    static func draft(_ period: BillingPeriod, of schedule: Stored) throws -> Values {
        let row = schedule.row
        var lines = try InvoiceLines.stored(try row.bytes("lines"))
        let billedDays = try Self.billedDays(of: period, schedule)
        if let billedDays {
            let end = period.startOn.adding(days: billedDays)
            lines = try lines.map { line in
                var line = line
                let full = try line.integer("unit_price_minor")
                line["full_unit_price_minor"] = .integer(full)
                line["unit_price_minor"] = .integer(try Proration.split(full, of: period, at: end).before)
                return line
            }
        }
        var values = Values([
            "schedule_id": .identifier(schedule.id),
            "period_start": .date(period.startOn),
            "period_end": .date(period.endOn),
            "billed_days": billedDays.map { .integer(Int64($0)) } ?? .null,
            "currency": .text(try row.text("currency")),
            "payment_terms_days": .integer(try row.int("payment_terms_days")),
            "prices_include_tax": .boolean(false),
        ])
        for name in [
            "client_company_id", "engagement_id", "contract_id", "contract_version_id", "deal_id", "correlation_id",
        ] {
            values[name] = try row.uuidOrNil(name).map(Value.identifier) ?? .null
        }
        values.merge(try InvoiceLines.columns(lines, DocumentTerms()))
        return values
    }

    /// How many days of a period are billed, where the schedule's end cuts it short and it is to be prorated.
    private static func billedDays(of period: BillingPeriod, _ schedule: Stored) throws -> Int? {
        guard try schedule.row.bool("prorate"), let endOn = try schedule.row.dateOrNil("end_on") else { return nil }
        let days = period.startOn.days(until: endOn) + 1
        return days < period.days ? days : nil
    }
}
