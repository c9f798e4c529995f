internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import RevenueDomain
internal import Vocabulary

extension EngagementConsumer {
    /// What an engagement's move does to one of its schedules; `nil` where nothing.
    private typealias Rule = (inout InvoiceSchedule, LocalDate) throws(Rejection) -> InvoiceScheduleEvent?

    /// The moves of an engagement that its schedules follow. The rules are the domain's, and do nothing the second time.
    func follow(in handlers: inout EventHandlers) {
        handlers.on("engagement.held") { event, transaction in
            let reason = event.data["status_reason"]?.string
            return try self.move(event, in: transaction) { $0.hold(on: $1, because: reason) }
        }
        handlers.on("engagement.resumed") { event, transaction in
            try self.move(event, in: transaction) { $0.release(on: $1) }
        }
        handlers.on("engagement.completed") { event, transaction in
            try self.move(event, in: transaction) { schedule, today throws(Rejection) in
                try schedule.end(.completed, on: today)
            }
        }
        handlers.on("engagement.cancelled") { event, transaction in
            try self.move(event, in: transaction) { schedule, today throws(Rejection) in
                try schedule.end(.cancelled, on: today)
            }
        }
    }

    /// Moves every schedule of the engagement, those begun by hand too. What has become due is billed by the sweep, which sees the
    /// same pauses and the same end.
    private func move(
        _ event: ReceivedEvent,
        in transaction: borrowing Transaction,
        _ rule: Rule
    ) throws -> [EventRecord] {
        try References.engagement.keep(event, in: transaction)
        // The day on which it happened, however late the event arrives.
        let today = try References.today(of: event.organization, at: event.record.occurredAt, in: transaction)
        let cause = event.cause
        var events: [EventRecord] = []
        let engaged = try self.schedules.rows(
            where: "engagement_id = $2 AND status <> 'completed' ORDER BY id FOR UPDATE",
            [.uuid(event.record.aggregateID)],
            for: event.organization,
            in: transaction
        )
        for before in engaged {
            var schedule = try InvoiceSchedule(before)
            guard let happened = try rule(&schedule, today) else { continue }
            let after = try self.schedules.update(
                before,
                schedule.columns,
                for: event.organization,
                at: event.now,
                in: transaction
            )
            events.append(
                self.schedules.event(happened.type, happened.activity, after, previous: before, because: cause)
            )
        }
        return events
    }
}
