internal import Contracts
internal import Postgres
internal import Resources
public import Vocabulary

extension InvoiceBook {
    /// How far an invoice that no person asked for is taken without one.
    enum Auto: String, CaseIterable, Sendable {
        case draft, finalize, send
    }

    /// Drafts an invoice of `values` and takes it as far as `auto` says. Where the domain refuses the next step (the books are closed
    /// for today, or the like) it stays a draft that says why, and a person decides.
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
        } catch let rejection as Rejection {
            // The domain refuses before anything is written.
            let held = try self.holdBack(draft, rejection, because: cause.following(events[0]), in: transaction)
            return (held.invoice, events + [held.event])
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

    /// Writes into a draft why it is one still, so that whoever looks for the invoice finds the reason with it.
    private func holdBack(
        _ draft: Stored,
        _ rejection: Rejection,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> Moved {
        let fault = Fault(rejection)
        let code = fault.problems.first?.code ?? fault.code.rawValue
        self.report(
            HeldBack(
                organization: cause.organization,
                invoice: draft.id,
                schedule: try draft.row.uuidOrNil("schedule_id"),
                milestone: try draft.row.uuidOrNil("milestone_id"),
                code: code
            )
        )
        return try self.save(
            Values(["held_back_code": .text(code), "held_back_because": .text(rejection.detail)]),
            over: draft,
            "held_back",
            .rejected,
            because: cause,
            in: transaction
        )
    }
}

/// An invoice that was to be finalized by itself and is still a draft. Reported before its transaction commits: one that is
/// rolled back and tried again is reported again.
public struct HeldBack: Sendable {
    /// Whoever is told.
    public typealias Report = @Sendable (HeldBack) -> Void

    public let organization: Identifier
    public let invoice: Identifier
    /// The schedule or the milestone that it bills.
    public let schedule: Identifier?
    public let milestone: Identifier?
    /// What the rule that refused calls it: `period_locked`.
    public let code: String
}
