internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Begins a schedule by hand. The one that a contract describes is made from `engagement.activated`.
struct CreateInvoiceSchedule: Sendable {
    let schedules: ResourceStore
    let commands: Commands

    static let declaration = Resource.invoiceSchedule.declaration(of: .create)

    /// How many schedules an engagement has at most: whatever becomes of it moves all of them in one transaction.
    static let perEngagementMax: Int64 = 100

    func register(in router: inout Router) {
        router.serve(Self.declaration) { input, context in try await self.create(input, context) }
    }

    private func create(_ input: Values, _ context: CallContext) async throws -> Reply {
        let caller = try context.caller()
        let cause = try context.cause()
        let parties = try Parties(input)
        return try await self.commands.run(Self.declaration, context) { transaction in
            var values = input
            if !values.has("currency") { values["currency"] = .text(caller.currency.code) }
            let engagement = try parties.settle(in: &values, for: caller.organization, in: transaction)
            values["origin"] = .text("manual")
            try ScheduleRules.begin(&values)
            if let engagement {
                try Self.requireRoom(in: engagement.id, for: caller.organization, transaction)
                let today = caller.zone.date(at: context.now)
                try ScheduleRules.begin(&values, within: engagement.state, on: today)
            }
            let stored = try self.schedules.insert(values, for: caller.organization, at: context.now, in: transaction)
            return Outcome(
                stored.reply(status: 201, location: "\(Resource.invoiceSchedule.path)/\(stored.id)"),
                events: [self.schedules.event("created", .created, stored, because: cause)]
            )
        }
    }

    private static func requireRoom(
        in engagement: Identifier,
        for organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws {
        let count = try transaction.query(
            "SELECT count(*) AS count FROM invoice_schedule WHERE organization_id = $1 AND engagement_id = $2",
            [.uuid(organization), .uuid(engagement)]
        )[0].int("count")
        guard count < Self.perEngagementMax else {
            throw Rejection.conflict(
                "too_many_schedules",
                "An engagement has \(Self.perEngagementMax) schedules at most."
            )
        }
    }
}
