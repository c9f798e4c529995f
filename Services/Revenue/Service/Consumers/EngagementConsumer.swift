internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

/// Makes the invoice schedule that a contract describes when its engagement begins, and its first invoice where that is due; later
/// lets the engagement's schedules stand still, go on and end with it.
struct EngagementConsumer: Sendable {
    let schedules: ResourceStore
    let run: ScheduleRun

    /// The first invoice is made at once, the rest by the sweep: a batch of engagements may not write too many events.
    private static let firstBillsMax = 1

    func register(in handlers: inout EventHandlers) {
        handlers.on("engagement.activated") { event, transaction in
            try References.engagement.keep(event, in: transaction)
            return try self.begin(event, in: transaction)
        }
        self.follow(in: &handlers)
    }

    private func begin(_ event: ReceivedEvent, in transaction: borrowing Transaction) throws -> [EventRecord] {
        guard let billing = event.payload["billing"]?.object else { return [] }
        let engagement = event.record.aggregateID
        let terms = try Self.read(billing)
        guard BillingTerms.kind(of: terms) != .milestone else {
            try MilestoneTerms.keep(terms, of: engagement, for: event.organization, in: transaction)
            return []
        }
        // The cursor already keeps an event from being applied twice; the unique engagement holds whatever happens to cursors.
        let existing = try transaction.query(
            "SELECT 1 AS found FROM invoice_schedule WHERE organization_id = $1 AND engagement_id = $2 AND origin = 'contract'",
            [.uuid(event.organization), .uuid(engagement)]
        )
        guard existing.isEmpty else { return [] }
        var values = Self.columns(of: terms)
        values["client_company_id"] = .identifier(try event.identifier("client_company_id"))
        values["engagement_id"] = .identifier(engagement)
        for name in ["contract_id", "contract_version_id", "deal_id"] {
            values[name] = event.data[name]?.identifier.map(Value.identifier) ?? .null
        }
        values["origin"] = .text("contract")
        values["correlation_id"] = .identifier(event.record.correlation)
        do {
            try ScheduleRules.begin(&values)
        } catch let rejection as Rejection {
            throw EventFault("the billing terms are impossible: \(rejection.detail)")
        } catch let fault as Fault {
            throw EventFault("the billing terms are impossible: \(fault.detail)")
        }
        let cause = event.cause
        let stored = try self.schedules.insert(values, for: event.organization, at: event.now, in: transaction)
        let created = self.schedules.event("created", .created, stored, because: cause)
        let today = try References.today(of: event.organization, at: event.now, in: transaction)
        let first = try self.run.run(
            stored,
            today: today,
            billsMax: Self.firstBillsMax,
            because: cause.following(created),
            in: transaction
        )
        return [created] + first.events
    }

    /// A contract's terms. Members that this version does not know are left to those who do.
    private static func read(_ billing: JSONObject) throws -> Values {
        var known = JSONObject()
        for field in BillingTerms.fields { known[field.name] = billing[field.name] }
        var decoder = InputDecoder()
        let terms = decoder.object(.object(known), BillingTerms.fields, at: "/billing")
        guard decoder.problems.isEmpty else {
            throw EventFault(decoder.problems.map { "\($0.pointer): \($0.detail)" }.joined(separator: " "))
        }
        do throws(Fault) {
            try BillingTerms.require(possible: terms)
        } catch {
            throw EventFault("the billing terms are impossible: \(error.detail)")
        }
        return terms
    }

    /// Terms as a schedule's columns.
    private static func columns(of terms: Values) -> Values {
        var values = Values()
        for name in [
            "currency", "kind", "interval_unit", "interval_count", "anchor_date", "day_rule", "payment_terms_days",
            "auto", "lines",
        ] { values[name] = terms[name] }
        let end = terms.optionalObject("end") ?? Values()
        let kind = end.optionalText("kind") ?? "never"
        values["end_kind"] = .text(kind)
        values["end_on"] = kind == "on_date" ? end["date"] ?? .null : .null
        values["end_after"] = kind == "after_n" ? end["count"] ?? .null : .null
        values["catch_up"] = .text(InvoiceSchedule.CatchUp.all.rawValue)
        return values
    }
}
