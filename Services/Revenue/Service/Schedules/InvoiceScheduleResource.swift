internal import Contracts
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

extension Resource {
    /// A plan of recurring invoices. Since it may finalize and send without a person, changing one takes an administrator.
    static let invoiceSchedule: Resource = {
        var resource = Resource(
            service: "revenue",
            name: "invoice_schedule",
            plural: "invoice-schedules",
            table: "invoice_schedule",
            fields: ScheduleFields.parties + ScheduleFields.recurrence + ScheduleFields.billing + ScheduleFields.state
        )
        resource.actions = [.get, .list, .change]
        resource.write = .manage("revenue")
        resource.isStory = true
        resource.engagementField = "engagement_id"
        resource.isSoftDeleted = false
        resource.hooks.change = { stored, changes, _, _ in try ScheduleRules.change(stored, &changes) }
        resource.summary = "A plan of recurring invoices; each period follows from the anchor alone."
        return resource
    }()
}

/// The parts of a schedule's declaration.
enum ScheduleFields {
    static let parties: [Field] = [
        .identifier("client_company_id").onCreate().filterable(),
        .identifier("engagement_id").nullable().onCreate().filterable(),
        .identifier("contract_id").nullable().readOnly().filterable(),
        .identifier("contract_version_id").nullable().readOnly(),
        .identifier("deal_id").nullable().readOnly(),
        .choice("origin", ["contract", "manual"]).readOnly().filterable(),
    ]

    static let recurrence: [Field] = [
        .choice("kind", ["recurring", "one_time"]).onCreate().defaulting(to: "recurring"),
        .choice("interval_unit", Recurrence.Unit.self).defaulting(to: "month"),
        .integer("interval_count", 1...Int64(Recurrence.countMax)).defaulting(to: 1),
        .date("anchor_date").required().described(
            "First day of the first period; every later one follows from it alone."
        ),
        .choice("day_rule", Recurrence.DayRule.self).defaulting(to: "same_day"),
        .choice("end_kind", ["never", "on_date", "after_n"]).defaulting(to: "never"),
        .date("end_on").nullable().described("With `on_date`: no period begins after it."),
        .integer("end_after", 1...Int64(Recurrence.periodsMax)).nullable().described(
            "With `after_n`: how many periods there are."
        ),
        .boolean("prorate").defaulting(to: false).described(
            "With `on_date`: bill a last period that is cut short by its actual days."
        ),
    ]

    static let billing: [Field] = [
        .currency().onCreate(),
        .integer("payment_terms_days", 0...BillingTerms.paymentTermDaysMax).defaulting(to: 14),
        .choice("auto", InvoiceBook.Auto.self).defaulting(to: "draft").described(
            "How far an invoice is taken without a person."
        ),
        .choice("catch_up", InvoiceSchedule.CatchUp.self).defaulting(to: "all")
            .described(
                "What becomes of periods whose day went by unnoticed: all are billed, the latest only, or none."
            ),
        .list("lines", of: InvoiceLines.input, countMax: InvoiceLines.countMax).required(),
    ]

    private static let pause: [Field] = [
        .date("from"), .date("until").nullable().described("The day of resuming, which is no longer part of it."),
        .choice("cause", InvoiceSchedule.Pause.Cause.self).described(
            "`engagement` where the engagement's hold made it, whose end then ends it."
        ),
        .text("reason", max: 2_000).nullable(),
    ]

    static let state: [Field] = [
        .choice("status", InvoiceSchedule.Status.self).readOnly().filterable(),
        .list("pauses", of: Self.pause, countMax: ScheduleRules.pausesMax).readOnly().described(
            "While one of them has no end, nothing is billed."
        ),
        .integer("next_index", 0...Int64(Recurrence.periodsMax)).readOnly().described(
            "How many periods were billed or skipped."
        ),
        .date("next_on").nullable().readOnly().filterable().described(
            "First day of the next period; null once completed."
        ),
    ]
}

/// Where a schedule's rules meet its columns.
enum ScheduleRules {
    static let pausesMax = 1_000

    /// What may not change once a period has been billed or skipped: it would give past periods other dates.
    private static let fixedOnceBegun = ["interval_unit", "interval_count", "anchor_date", "day_rule"]

    /// The columns of a schedule that begins: its recurrence must be possible and its lines must add up.
    static func begin(_ values: inout Values) throws {
        if values.optionalText("kind") == "one_time" {
            values["end_kind"] = .text("after_n")
            values["end_after"] = .integer(1)
            values["end_on"] = .null
        }
        try Self.check(values)
        values["lines"] = InvoiceLines.complete(values.objects("lines"))
        values["status"] = .text(InvoiceSchedule.Status.active.rawValue)
        values["next_index"] = .integer(0)
        values["next_on"] = .date(try values.date("anchor_date"))
    }

    /// What follows from where the engagement stands. The row has no id yet.
    static func begin(_ values: inout Values, within engagement: EngagementState, on today: LocalDate) throws {
        var schedule = InvoiceSchedule(id: Identifier(high: 0, low: 0), recurrence: try Recurrence(values))
        try schedule.begin(within: engagement, on: today)
        let columns = schedule.columns
        for name in ["status", "pauses"] { values[name] = columns[name] }
    }

    static func change(_ stored: Stored, _ changes: inout Values) throws {
        let schedule = try InvoiceSchedule(stored)
        guard schedule.status != .completed else {
            throw Rejection.conflict(
                "schedule_completed",
                "A completed schedule bills nothing more and does not change."
            )
        }
        if schedule.nextIndex > 0, let name = Self.fixedOnceBegun.first(where: changes.has) {
            throw Rejection.conflict(
                "schedule_begun",
                "\(name) is fixed once a period was billed; end this schedule and begin another."
            )
        }
        if let kind = changes.optionalText("end_kind") {
            if kind != "on_date", !changes.has("end_on") { changes["end_on"] = .null }
            if kind != "after_n", !changes.has("end_after") { changes["end_after"] = .null }
        }
        var whole = try Self.terms(of: stored)
        whole.merge(changes)
        try Self.check(whole)
        let recurrence = try Recurrence(whole)
        guard recurrence.period(schedule.nextIndex) != nil else {
            throw Rejection.conflict("nothing_left", "No period would be left to bill.")
        }
        if changes.has("lines") { changes["lines"] = InvoiceLines.complete(changes.objects("lines")) }
        changes["next_on"] = .date(recurrence.start(of: schedule.nextIndex))
    }

    private static func check(_ values: Values) throws {
        let end = values.optionalText("end_kind") ?? "never"
        guard (end == "on_date") == (values.optionalDate("end_on") != nil) else {
            throw Fault.invalid("/end_on", "end", "end_on belongs to the end_kind on_date, and to no other.")
        }
        guard (end == "after_n") == (values.optionalInteger("end_after") != nil) else {
            throw Fault.invalid("/end_after", "end", "end_after belongs to the end_kind after_n, and to no other.")
        }
        _ = try Recurrence(values)
        let lines = values.objects("lines")
        guard !lines.isEmpty else { throw Fault.invalid("/lines", "required", "A schedule has at least one line.") }
        _ = try InvoiceLines.document(lines).totals()
    }

    /// The stored terms as input, to be merged with changes.
    private static func terms(of stored: Stored) throws -> Values {
        let row = stored.row
        return Values([
            "interval_unit": .text(try row.text("interval_unit")),
            "interval_count": .integer(try row.int("interval_count")),
            "anchor_date": .date(try row.date("anchor_date")),
            "day_rule": .text(try row.text("day_rule")),
            "end_kind": .text(try row.text("end_kind")),
            "end_on": try row.dateOrNil("end_on").map(Value.date) ?? .null,
            "end_after": try row.intOrNil("end_after").map(Value.integer) ?? .null,
            "lines": .list(try InvoiceLines.stored(try row.bytes("lines")).map(Value.object)),
        ])
    }
}

extension Recurrence {
    /// The recurrence that terms describe.
    init(_ values: Values) throws {
        let end: End =
            switch values.optionalText("end_kind") {
            case "on_date": .onDate(try values.date("end_on"))
            case "after_n": .afterCount(Int(try values.integer("end_after")))
            default: .never
            }
        try self.init(
            anchor: try values.date("anchor_date"),
            unit: values.optionalText("interval_unit").flatMap(Unit.init(rawValue:)) ?? .month,
            count: Int(values.optionalInteger("interval_count") ?? 1),
            dayRule: values.optionalText("day_rule").flatMap(DayRule.init(rawValue:)) ?? .sameDay,
            end: end
        )
    }
}

extension InvoiceSchedule {
    /// Restores a schedule from its row.
    init(_ stored: Stored) throws {
        let row = stored.row
        let terms = Values([
            "interval_unit": .text(try row.text("interval_unit")),
            "interval_count": .integer(try row.int("interval_count")),
            "anchor_date": .date(try row.date("anchor_date")),
            "day_rule": .text(try row.text("day_rule")),
            "end_kind": .text(try row.text("end_kind")),
            "end_on": try row.dateOrNil("end_on").map(Value.date) ?? .null,
            "end_after": try row.intOrNil("end_after").map(Value.integer) ?? .null,
        ])
        let pauses = try JSON(parsing: try row.bytes("pauses")).array ?? []
        self.init(
            id: stored.id,
            recurrence: try Recurrence(terms),
            catchUp: CatchUp(rawValue: try row.text("catch_up")) ?? .all,
            status: Status(rawValue: try row.text("status")) ?? .active,
            pauses: pauses.compactMap { pause in
                pause["from"]?.string.flatMap(LocalDate.init(_:)).map {
                    Pause(
                        from: $0,
                        until: pause["until"]?.string.flatMap(LocalDate.init(_:)),
                        by: pause["cause"]?.string.flatMap(Pause.Cause.init(rawValue:)) ?? .person,
                        because: pause["reason"]?.string
                    )
                }
            },
            nextIndex: Int(try row.int("next_index"))
        )
    }

    /// What its moves change.
    var columns: Values {
        let pauses = self.pauses.map { pause -> Value in
            .object(
                Values([
                    "from": .date(pause.from), "until": pause.until.map(Value.date) ?? .null,
                    "cause": .text(pause.cause.rawValue), "reason": pause.reason.map(Value.text) ?? .null,
                ])
            )
        }
        var columns = self.recurrence.end.columns
        columns.merge(
            Values([
                "status": .text(self.status.rawValue),
                "pauses": .list(pauses),
                "next_index": .integer(Int64(self.nextIndex)),
                "next_on": self.status == .completed ? .null : .date(self.recurrence.start(of: self.nextIndex)),
            ])
        )
        return columns
    }
}

extension Recurrence.End {
    fileprivate var columns: Values {
        let (kind, on, after): (String, Value, Value) =
            switch self {
            case .never: ("never", .null, .null)
            case .onDate(let date): ("on_date", .date(date), .null)
            case .afterCount(let count): ("after_n", .null, .integer(Int64(count)))
            }
        return Values(["end_kind": .text(kind), "end_on": on, "end_after": after])
    }
}

extension InvoiceScheduleEvent {
    /// The past participle in the event's type.
    var type: String {
        switch self {
        case .paused: "paused"
        case .resumed: "resumed"
        case .changed: "updated"
        case .completed: "completed"
        }
    }

    var activity: Activity {
        switch self {
        case .paused, .resumed, .completed: .statusChanged
        case .changed: .updated
        }
    }
}
