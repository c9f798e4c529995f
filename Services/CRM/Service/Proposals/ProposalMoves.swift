internal import CRMDomain
internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// Serves the verbs of a proposal: load and lock, decide, save proposal and version, and write the event, in one transaction.
struct ProposalMoves: Sendable {
    let proposals: ResourceStore
    let commands: Commands

    func register(in router: inout Router) {
        for verb in ProposalVerb.allCases {
            let declaration = verb.declaration
            router.serve(declaration) { input, context in
                let id = try input.identifier("id")
                let organization = try context.caller().organization
                let cause = try context.cause()
                return try await self.commands.run(declaration, context) { transaction in
                    let before = try self.proposals.lock(id, for: organization, in: transaction)
                    try before.require(context.ifMatch)
                    let (after, events) = try self.perform(verb, on: before, input, context, cause, transaction)
                    return Outcome(after.reply(), events: events)
                }
            }
        }
        router.publishes(ProposalVerb.events)
    }

    private func perform(
        _ verb: ProposalVerb,
        on stored: Stored,
        _ input: Values,
        _ context: CallContext,
        _ cause: Cause,
        _ transaction: borrowing Transaction
    ) throws -> (Stored, [EventRecord]) {
        let caller = try context.caller()
        var before = stored
        var earlier: [EventRecord] = []
        var proposal = try Proposal(before)
        var step = ProposalStep(verb.event, .statusChanged)
        switch verb {
        case .send:
            let content = try CanonicalContent.offer(
                before,
                of: .proposal,
                ProposalRules.contentMembers,
                for: caller.organization,
                in: transaction
            )
            _ = try proposal.send(
                contentSHA256: content.sha256,
                validUntil: proposal.current.validUntil,
                at: context.now,
                in: caller.zone
            )
            step.activity = .sent
            step.content = content
        case .view:
            _ = try proposal.view(at: context.now)
            step.activity = .viewed
        case .accept:
            let opened = proposal
            let happened = try proposal.accept(
                version: try input.identifier("version_id"),
                contentSHA256: try input.text("content_sha256"),
                at: context.now,
                in: caller.zone
            )
            if case .viewed? = happened.first {
                let viewed = try self.saveView(of: opened, over: before, at: context.now, because: cause, transaction)
                before = viewed.0
                earlier = [viewed.1]
            }
            step.activity = .approved
        case .acceptOffline:
            let note = try input.text("note")
            _ = try proposal.acceptOffline(
                version: try input.identifier("version_id"),
                contentSHA256: try input.text("content_sha256"),
                note: note,
                at: context.now
            )
            step.activity = .approved
            step.note = note
        case .reject:
            let reason = try input.text("reason")
            _ = try proposal.reject(because: reason, at: context.now)
            step.activity = .rejected
            step.note = reason
        case .revise:
            step.superseded = proposal.current.id
            _ = try proposal.revise(as: Identifier.next(at: context.now))
            step.activity = .updated
        }
        let (after, event) = try self.save(proposal, over: before, step, because: cause, in: transaction)
        return (after, earlier + [event])
    }

    /// The view that an acceptance implies, as a version of its own: whoever follows the events sees the proposal as it was then.
    private func saveView(
        of opened: Proposal,
        over before: Stored,
        at now: Instant,
        because cause: Cause,
        _ transaction: borrowing Transaction
    ) throws -> (Stored, EventRecord) {
        var opened = opened
        _ = try opened.view(at: now)
        return try self.save(opened, over: before, ProposalStep("viewed", .viewed), because: cause, in: transaction)
    }

    /// Saves what a rule has decided. The sweep uses it too.
    func save(
        _ proposal: Proposal,
        over before: Stored,
        _ step: ProposalStep,
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> (Stored, EventRecord) {
        var columns = proposal.columns
        if let note = step.note { columns["decision_note"] = .text(note) }
        if let superseded = step.superseded {
            columns["decision_note"] = .null
            try transaction.queue(
                "UPDATE proposal_version SET state = 'superseded', updated_at = $3, version = version + 1 WHERE organization_id = $1 AND id = $2",
                [.uuid(cause.organization), .uuid(superseded), .instant(cause.now)]
            )
            try ProposalRules.insert(proposal.current, of: proposal.id, cause.organization, at: cause.now, transaction)
        } else {
            try transaction.queue(
                """
                UPDATE proposal_version SET state = $3, content_sha256 = $4, valid_until = $5, content = coalesce($6::json, content),
                    updated_at = $7, version = version + 1
                WHERE organization_id = $1 AND id = $2
                """,
                [
                    .uuid(cause.organization), .uuid(proposal.current.id), .text(proposal.current.state.rawValue),
                    proposal.current.contentSHA256.map(SQLValue.text) ?? .null,
                    proposal.current.validUntil.map(SQLValue.date) ?? .null,
                    step.content.map { .json($0.bytes) } ?? .null, .instant(cause.now),
                ]
            )
        }
        let after = try self.proposals.update(before, columns, for: cause.organization, at: cause.now, in: transaction)
        return (after, self.proposals.event(step.event, step.activity, after, previous: before, because: cause))
    }
}

/// What a verb does beside changing the proposal itself.
struct ProposalStep {
    let event: String
    var activity: Activity
    var content: CanonicalContent?
    var note: String?
    var superseded: Identifier?

    init(_ event: String, _ activity: Activity) {
        self.event = event
        self.activity = activity
    }
}
