public import Vocabulary

/// A sale in progress. Pure: time comes in as an argument, and what happened goes out as a result.
public struct Deal: Hashable, Sendable {
    public let id: Identifier
    public private(set) var clientCompanyID: Identifier?
    public private(set) var amountMinor: Int64?
    public private(set) var stage: Stage
    /// When it entered its present stage: the beginning of the next row of stage history.
    public private(set) var enteredStageAt: Instant
    /// What a person said the chance is. It holds in the open stages; won is always 100 and lost always 0.
    public private(set) var probabilityOverridePercent: Int?
    public private(set) var lostReason: LostReason?
    public private(set) var lostNote: String?
    /// The stage it was lost from, to which alone it may reopen.
    public private(set) var lostFrom: Stage?
    public private(set) var closedAt: Instant?
    /// Where it stands in its stage on the board.
    public private(set) var position: Int64

    /// Restores a stored deal, or begins one; it enforces no rule.
    public init(
        id: Identifier,
        clientCompanyID: Identifier? = nil,
        amountMinor: Int64? = nil,
        stage: Stage = .lead,
        enteredStageAt: Instant,
        probabilityOverridePercent: Int? = nil,
        lostReason: LostReason? = nil,
        lostNote: String? = nil,
        lostFrom: Stage? = nil,
        closedAt: Instant? = nil,
        position: Int64? = nil
    ) {
        self.id = id
        self.clientCompanyID = clientCompanyID
        self.amountMinor = amountMinor
        self.stage = stage
        self.enteredStageAt = enteredStageAt
        self.probabilityOverridePercent = probabilityOverridePercent
        self.lostReason = lostReason
        self.lostNote = lostNote
        self.lostFrom = lostFrom
        self.closedAt = closedAt
        self.position = position ?? BoardPosition.top(at: enteredStageAt)
    }

    public var probabilityPercent: Int {
        guard self.stage.isOpen else { return self.stage.probabilityPercent }
        return self.probabilityOverridePercent ?? self.stage.probabilityPercent
    }
}

/// One move of a deal: a row of its stage history.
public struct DealMoved: Hashable, Sendable {
    public let dealID: Identifier
    public let from: Deal.Stage
    public let to: Deal.Stage
    public let enteredAt: Instant
    public let leftAt: Instant
    public let probabilityPercent: Int
    public let lostReason: Deal.LostReason?
    /// The note of a loss or the reason of a reopening.
    public let note: String?
}

extension Deal {
    /// Moves one step forward or any step back among the open stages. Winning needs an amount and a client company.
    ///
    /// A `probability` overrides the stage's own from here on.
    public mutating func advance(
        to target: Stage,
        probability: Int? = nil,
        at now: Instant
    ) throws(Rejection) -> DealMoved {
        guard self.stage.advances.contains(target) else {
            throw .transition(
                Stage.subject,
                from: self.stage.rawValue,
                to: target.rawValue,
                allowed: self.stage.advances.map(\.rawValue)
            )
        }
        if target == .won { try self.requireWinnable() }
        if let probability { try self.override(probabilityPercent: probability) }
        return self.move(to: target, at: now, note: nil)
    }

    /// Ends an open deal without a sale. The reason `other` needs a note.
    public mutating func lose(because reason: LostReason, note: String?, at now: Instant) throws(Rejection) -> DealMoved
    {
        guard self.stage.isOpen else { throw self.stage.refusal(to: .lost) }
        if reason == .other {
            _ = try Words.require(note, at: "/note", "A deal lost for another reason says which.")
        }
        self.lostFrom = self.stage
        self.lostReason = reason
        self.lostNote = note
        return self.move(to: .lost, at: now, note: note)
    }

    /// Takes up a closed deal again: a lost one where it was lost, a won one in negotiation while nothing is signed.
    public mutating func reopen(
        because reason: String,
        hasSignedContract: Bool,
        at now: Instant
    ) throws(Rejection) -> DealMoved {
        let target: Stage
        switch self.stage {
        case .lead, .qualified, .proposal, .negotiation:
            throw self.stage.refusal(to: self.stage)
        case .won:
            guard !hasSignedContract else {
                throw .transition(Stage.subject, from: Stage.won.rawValue, to: Stage.negotiation.rawValue, allowed: [])
            }
            target = .negotiation
        case .lost:
            target = self.lostFrom ?? .lead
        }
        let note = try Words.require(reason, at: "/reason", "A deal is reopened with a reason.")
        self.lostFrom = nil
        self.lostReason = nil
        self.lostNote = nil
        return self.move(to: target, at: now, note: note)
    }

    /// Replaces what is sold, and to whom. A won deal keeps an amount and a client company.
    public mutating func change(amountMinor: Int64?, clientCompanyID: Identifier?) throws(Rejection) {
        var changed = self
        changed.amountMinor = amountMinor
        changed.clientCompanyID = clientCompanyID
        if changed.stage == .won { try changed.requireWinnable() }
        self = changed
    }

    private func requireWinnable() throws(Rejection) {
        guard self.amountMinor != nil else {
            throw .invalid("/amount_minor", code: "required", "A deal is won with an amount.")
        }
        guard self.clientCompanyID != nil else {
            throw .invalid("/client_company_id", code: "required", "A deal is won with a client company.")
        }
    }

    /// Replaces the stage's own chance by another, or returns to it with `nil`.
    public mutating func override(probabilityPercent: Int?) throws(Rejection) {
        if let probabilityPercent, !(0...100).contains(probabilityPercent) {
            throw .invalid("/probability", code: "out_of_range", "A probability lies between 0 and 100.")
        }
        self.probabilityOverridePercent = probabilityPercent
    }

    /// Puts it elsewhere in its stage.
    public mutating func place(at position: Int64) { self.position = position }

    private mutating func move(to target: Stage, at now: Instant, note: String?) -> DealMoved {
        let (from, enteredAt) = (self.stage, self.enteredStageAt)
        self.stage = target
        self.enteredStageAt = now
        self.closedAt = target.isOpen ? nil : now
        self.position = BoardPosition.top(at: now)
        return DealMoved(
            dealID: self.id,
            from: from,
            to: target,
            enteredAt: enteredAt,
            leftAt: now,
            probabilityPercent: self.probabilityPercent,
            lostReason: self.lostReason,
            note: note
        )
    }
}
