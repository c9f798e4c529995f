internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Begins a schedule by hand. The one that a contract describes is made from `engagement.activated`.
struct CreateInvoiceSchedule: Sendable {
    let schedules: ResourceStore
    let commands: Commands

    static let declaration = Resource.invoiceSchedule.declaration(of: .create)

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
            try parties.settle(in: &values, for: caller.organization, in: transaction)
            values["origin"] = .text("manual")
            try ScheduleRules.begin(&values)
            let stored = try self.schedules.insert(values, for: caller.organization, at: context.now, in: transaction)
            return Outcome(
                stored.reply(status: 201, location: "\(Resource.invoiceSchedule.path)/\(stored.id)"),
                events: [self.schedules.event("created", .created, stored, because: cause)]
            )
        }
    }
}
