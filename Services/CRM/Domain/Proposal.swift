public import Vocabulary

/// An offer to a client: a series of versions, of which the newest is the one in play.
public struct Proposal: Hashable, Sendable {
    public let id: Identifier
    public private(set) var status: Status
    /// The newest version.
    public private(set) var current: ProposalVersion
    public private(set) var sentAt: Instant?
    public private(set) var viewedAt: Instant?
    /// When it was accepted, rejected or expired.
    public private(set) var closedAt: Instant?

    /// Restores a stored proposal, or begins one; it enforces no rule.
    public init(
        id: Identifier,
        current: ProposalVersion,
        status: Status = .draft,
        sentAt: Instant? = nil,
        viewedAt: Instant? = nil,
        closedAt: Instant? = nil
    ) {
        self.id = id
        self.current = current
        self.status = status
        self.sentAt = sentAt
        self.viewedAt = viewedAt
        self.closedAt = closedAt
    }

    /// Where the newest version stands with the client.
    ///
    /// From `sent`, an acceptance leads to `accepted` too: whoever accepts online names the hash of what was read and so has
    /// seen it, which ``Proposal/accept(version:contentSHA256:at:in:)`` records; an acceptance given by other means (a telephone
    /// call, a purchase order) says nothing of a view. What was sent leads back to `draft` by a revision; an acceptance is for good.
    public enum Status: String, Lifecycle {
        case draft, sent, viewed, accepted, rejected, expired

        public static let subject = "The proposal"

        public var successors: [Status] {
            switch self {
            case .draft: [.sent]
            case .sent: [.viewed, .accepted, .rejected, .expired, .draft]
            case .viewed: [.accepted, .rejected, .expired, .draft]
            case .accepted: []
            case .rejected, .expired: [.draft]
            }
        }
    }
}

/// What happened to a proposal.
public enum ProposalEvent: Hashable, Sendable {
    case sent(version: Identifier, contentSHA256: String, validUntil: LocalDate?)
    case viewed(version: Identifier)
    case accepted(version: Identifier, contentSHA256: String, note: String?)
    case rejected(version: Identifier, reason: String)
    case expired(version: Identifier)
    case revised(from: ProposalVersion, to: ProposalVersion)
}

extension Proposal {
    /// Throws unless the content may be edited in place, which only a draft's may.
    public func requireEditable() throws(Rejection) {
        guard self.status == .draft else {
            throw .conflict("version_frozen", "Version \(self.current.number) was sent; revise the proposal instead.")
        }
    }

    /// Fixes the content under its hash and shows it to the client.
    public mutating func send(
        contentSHA256: String,
        validUntil: LocalDate?,
        at now: Instant,
        in zone: Zone
    ) throws(Rejection) -> ProposalEvent {
        try self.status.require(to: .sent)
        try Self.requireFuture(validUntil, at: now, in: zone)
        try self.current.become(.open)
        self.current.contentSHA256 = contentSHA256
        self.current.validUntil = validUntil
        self.status = .sent
        self.sentAt = now
        return .sent(version: self.current.id, contentSHA256: contentSHA256, validUntil: validUntil)
    }

    /// Records that the client has opened it.
    public mutating func view(at now: Instant) throws(Rejection) -> ProposalEvent {
        guard self.status == .sent else { throw self.status.refusal(to: .viewed) }
        self.status = .viewed
        self.viewedAt = now
        return .viewed(version: self.current.id)
    }

    /// The client accepts exactly the version and content that it names, until local midnight of the last valid day.
    ///
    /// Two things happen where nobody has recorded that the client opened it: it is viewed, and then accepted.
    public mutating func accept(
        version: Identifier,
        contentSHA256: String,
        at now: Instant,
        in zone: Zone
    ) throws(Rejection) -> [ProposalEvent] {
        guard self.status == .sent || self.status == .viewed else { throw self.status.refusal(to: .accepted) }
        try self.requireCurrent(version: version, contentSHA256: contentSHA256)
        try self.requireValid(at: now, in: zone)
        let seen = self.status == .sent ? [try self.view(at: now)] : []
        return seen + [try self.close(accepting: contentSHA256, note: nil, at: now)]
    }

    /// Records an acceptance given by other means. The note says how; there is no deadline, since the client met it.
    public mutating func acceptOffline(
        version: Identifier,
        contentSHA256: String,
        note: String?,
        at now: Instant
    ) throws(Rejection) -> ProposalEvent {
        guard self.status == .sent || self.status == .viewed else { throw self.status.refusal(to: .accepted) }
        let note = try Words.require(note, at: "/note", "An acceptance given by other means says by which.")
        try self.requireCurrent(version: version, contentSHA256: contentSHA256)
        return try self.close(accepting: contentSHA256, note: note, at: now)
    }

    /// The client declines, and says why.
    public mutating func reject(because reason: String, at now: Instant) throws(Rejection) -> ProposalEvent {
        try self.status.require(to: .rejected)
        let reason = try Words.require(reason, at: "/reason", "A proposal is rejected with a reason.")
        try self.current.become(.rejected)
        self.status = .rejected
        self.closedAt = now
        return .rejected(version: self.current.id, reason: reason)
    }

    /// Ends an offer whose last valid day is over.
    public mutating func expire(at now: Instant, in zone: Zone) throws(Rejection) -> ProposalEvent {
        try self.status.require(to: .expired)
        guard let validUntil = self.current.validUntil, zone.date(at: now) > validUntil else {
            throw .conflict("still_valid", "The proposal can still be accepted.")
        }
        try self.current.become(.expired)
        self.status = .expired
        self.closedAt = now
        return .expired(version: self.current.id)
    }

    /// Supersedes the newest version by a draft with the next number.
    public mutating func revise(as versionID: Identifier) throws(Rejection) -> ProposalEvent {
        try self.status.require(to: .draft)
        try self.current.become(.superseded)
        let superseded = self.current
        self.current = ProposalVersion(id: versionID, number: superseded.number + 1)
        self.status = .draft
        self.sentAt = nil
        self.viewedAt = nil
        self.closedAt = nil
        return .revised(from: superseded, to: self.current)
    }

    // MARK: Guards

    private mutating func close(
        accepting contentSHA256: String,
        note: String?,
        at now: Instant
    ) throws(Rejection) -> ProposalEvent {
        try self.current.become(.accepted)
        self.status = .accepted
        self.closedAt = now
        return .accepted(version: self.current.id, contentSHA256: contentSHA256, note: note)
    }

    private func requireCurrent(version: Identifier, contentSHA256: String) throws(Rejection) {
        guard version == self.current.id else {
            throw .conflict("version_mismatch", "Version \(self.current.number) is the one that can be accepted.")
        }
        guard contentSHA256 == self.current.contentSHA256 else {
            throw .conflict("content_mismatch", "The content is not what was sent.")
        }
    }

    private func requireValid(at now: Instant, in zone: Zone) throws(Rejection) {
        if let validUntil = self.current.validUntil, zone.date(at: now) > validUntil {
            throw .conflict("proposal_expired", "The proposal was valid until \(validUntil).")
        }
    }

    private static func requireFuture(_ date: LocalDate?, at now: Instant, in zone: Zone) throws(Rejection) {
        if let date, zone.date(at: now) > date {
            throw .invalid("/valid_until", code: "in_the_past", "\(date) is over.")
        }
    }
}
