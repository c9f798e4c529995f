internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension InvoiceBook {
    /// How far an invoice that no person asked for is taken without one.
    enum Auto: String, CaseIterable, Sendable {
        case draft, finalize, send
    }

    /// Drafts an invoice of `values` and takes it as far as `auto` says. Where the domain refuses the next step (the books are closed
    /// for today, or the like) it stays what it is, and a person decides.
    func draft(
        _ values: Values,
        as auto: Auto,
        today: LocalDate,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> (invoice: Stored, events: [EventRecord]) {
        let draft = try self.invoices.insert(values, for: cause.organization, at: cause.now, in: transaction)
        var events = [self.invoices.event("created", .created, draft, because: cause)]
        guard auto != .draft else { return (draft, events) }
        let dates = try Self.dates(of: draft, issueOn: nil, dueOn: nil, today: today)
        let finalized: Moved
        do {
            finalized = try self.finalize(
                draft,
                issueOn: dates.issueOn,
                dueOn: dates.dueOn,
                because: cause.following(events[0]),
                in: transaction
            )
        } catch is Rejection {
            // The domain refuses before anything is written.
            return (draft, events)
        }
        events.append(finalized.event)
        guard auto == .send else { return (finalized.invoice, events) }
        let sent = try self.send(
            finalized.invoice,
            today: today,
            because: cause.following(finalized.event),
            in: transaction
        )
        events.append(sent.event)
        return (sent.invoice, events)
    }
}
