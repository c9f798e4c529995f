internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Drafts an invoice: for an engagement, whose client, contract and story it takes over, or for a client alone.
struct CreateInvoice: Sendable {
    let invoices: ResourceStore
    let commands: Commands

    static let declaration = Resource.invoice.declaration(of: .create)
    static let event = EventDeclaration(
        "invoice.created",
        .created,
        "An invoice was drafted.",
        fields: [.object("data", Resource.invoice.told)]
    )

    func register(in router: inout Router) {
        router.publishes([Self.event])
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
            values.merge(try InvoiceLines.columns(values.objects("lines"), DocumentTerms(values)))
            let stored = try self.invoices.insert(values, for: caller.organization, at: context.now, in: transaction)
            return Outcome(
                stored.reply(status: 201, location: "\(Resource.invoice.path)/\(stored.id)"),
                events: [self.invoices.event("created", .created, stored, because: cause)]
            )
        }
    }
}
