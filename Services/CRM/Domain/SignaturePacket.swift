public import Vocabulary

/// One version of a contract out for signature, with everybody it went to.
public struct SignaturePacket: Hashable, Sendable {
    public let id: Identifier
    public let versionID: Identifier
    /// SHA-256 of the canonical content in hexadecimal, which each signer signs.
    public let contentSHA256: String
    public let routing: Routing
    public private(set) var status: Status
    public private(set) var recipients: [SignatureRecipient]

    /// How many people one packet may go to.
    public static let recipientsMax = 50

    /// Restores a stored packet; it enforces no rule.
    public init(
        restoring id: Identifier,
        versionID: Identifier,
        contentSHA256: String,
        routing: Routing,
        status: Status,
        recipients: [SignatureRecipient]
    ) {
        self.id = id
        self.versionID = versionID
        self.contentSHA256 = contentSHA256
        self.routing = routing
        self.status = status
        self.recipients = recipients
    }

    /// Prepares a packet, which needs at least one signer.
    public init(
        id: Identifier,
        of version: Contract.Version,
        routing: Routing,
        recipients: [SignatureRecipient]
    ) throws(Rejection) {
        guard recipients.contains(where: { $0.role == .signer }) else {
            throw .invalid("/recipients", code: "required", "A packet needs at least one signer.")
        }
        guard recipients.count <= Self.recipientsMax else {
            throw .invalid("/recipients", code: "too_many", "A packet goes to \(Self.recipientsMax) people at most.")
        }
        guard Set(recipients.map(\.id)).count == recipients.count else {
            throw .invalid("/recipients", code: "duplicate", "Everybody is in a packet once.")
        }
        self.init(
            restoring: id,
            versionID: version.id,
            contentSHA256: version.contentSHA256,
            routing: routing,
            status: .created,
            recipients: recipients
        )
    }

    /// Whether everybody signs at once or one place after the other.
    public enum Routing: String, CaseIterable, Sendable {
        case sequential, parallel
    }

    /// How far the signing as a whole has come; it follows from its recipients.
    public enum Status: String, Lifecycle {
        case created, sent
        case inProgress = "in_progress"
        case completed, declined, expired, voided

        public static let subject = "The signature packet"

        public var successors: [Status] {
            switch self {
            case .created: [.sent, .voided]
            case .sent: [.inProgress, .declined, .expired, .voided]
            case .inProgress: [.completed, .declined, .expired, .voided]
            case .completed, .declined, .expired, .voided: []
            }
        }

        public var isOpen: Bool {
            switch self {
            case .sent, .inProgress: true
            case .created, .completed, .declined, .expired, .voided: false
            }
        }
    }

    public var signers: [SignatureRecipient] {
        self.recipients.filter { $0.role == .signer }
    }

    // MARK: Whose turn it is

    /// Marks those whose turn has come as sent, and names them.
    private mutating func release(until expiresAt: Instant) -> [Identifier] {
        let waiting = self.recipients.indices.filter { self.recipients[$0].status == .pending }
        let turn = waiting.filter { self.recipients[$0].role == .signer }.map { self.recipients[$0].position }.min()
        var released: [Identifier] = []
        for index in waiting {
            let recipient = self.recipients[index]
            guard self.routing == .parallel || recipient.role == .viewer || recipient.position == turn else { continue }
            self.recipients[index].status = .sent
            self.recipients[index].expiresAt = expiresAt
            released.append(recipient.id)
        }
        return released
    }

    private func index(of recipientID: Identifier) throws(Rejection) -> Int {
        guard self.status.isOpen else {
            throw .gone("packet_closed", "The packet is \(self.status.rawValue).")
        }
        guard let index = self.recipients.firstIndex(where: { $0.id == recipientID }) else {
            throw .invalid("/recipient_id", code: "unknown", "That person is not in the packet.")
        }
        return index
    }

    private func index(ofLive recipientID: Identifier, at now: Instant) throws(Rejection) -> Int {
        let index = try self.index(of: recipientID)
        if let expiresAt = self.recipients[index].expiresAt, now >= expiresAt {
            throw .gone("link_expired", "The time to sign is over; ask for a new link.")
        }
        return index
    }
}

/// What happened to a packet, beside the evidence of each act.
public enum SignaturePacketEvent: Hashable, Sendable {
    case sent(recipients: [Identifier])
    case acted(SignatureAct)
    /// The signature and those whose turn it is now.
    case signed(SignatureAct, next: [Identifier], isComplete: Bool)
    case declined(SignatureAct)
    case resent(recipient: Identifier, expiresAt: Instant)
    case recipientExpired(recipient: Identifier)
    case expired
    case voided(reason: String)
}

extension SignaturePacket {
    /// Sends the packet to everybody, or to the first place of a sequence.
    public mutating func send(expiresAt: Instant, at now: Instant) throws(Rejection) -> SignaturePacketEvent {
        try self.status.require(to: .sent)
        guard expiresAt > now else {
            throw .invalid("/expires_at", code: "in_the_past", "The time to sign must lie ahead.")
        }
        self.status = .sent
        return .sent(recipients: self.release(until: expiresAt))
    }

    /// First act: the recipient opens the document.
    public mutating func open(
        by recipientID: Identifier,
        _ circumstances: SignatureAct.Circumstances
    ) throws(Rejection) -> SignaturePacketEvent {
        let index = try self.index(ofLive: recipientID, at: circumstances.at)
        try self.recipients[index].status.require(to: .opened)
        self.recipients[index].status = .opened
        if self.status == .sent { self.status = .inProgress }
        return .acted(self.act(.opened, by: index, circumstances))
    }

    /// Second act: the last page of the terms has been served.
    public mutating func serveTerms(
        to recipientID: Identifier,
        disclosureVersion: String,
        _ circumstances: SignatureAct.Circumstances
    ) throws(Rejection) -> SignaturePacketEvent {
        let index = try self.index(ofLive: recipientID, at: circumstances.at)
        guard self.recipients[index].status == .opened else {
            throw .conflict("not_opened", "The terms are served to somebody who has opened the document.")
        }
        self.recipients[index].termsServedAt = circumstances.at
        self.recipients[index].disclosureVersion = disclosureVersion
        return .acted(self.act(.termsServed, by: index, circumstances))
    }

    /// Third act: the recipient agrees to sign electronically, under the disclosure that was served.
    public mutating func consent(
        by recipientID: Identifier,
        disclosureVersion: String,
        _ circumstances: SignatureAct.Circumstances
    ) throws(Rejection) -> SignaturePacketEvent {
        let index = try self.index(ofSigner: recipientID, at: circumstances.at)
        try self.recipients[index].status.require(to: .consented)
        guard self.recipients[index].termsServedAt != nil else {
            throw .conflict("terms_not_served", "Consent follows the terms, and they were not shown in full.")
        }
        guard self.recipients[index].disclosureVersion == disclosureVersion else {
            throw .conflict("disclosure_mismatch", "The consent names another disclosure than the one shown.")
        }
        self.recipients[index].status = .consented
        return .acted(self.act(.consented, by: index, circumstances))
    }

    /// Last act: the signature, under the hash of the very content. The last signer's completes the packet.
    public mutating func sign(
        by recipientID: Identifier,
        contentSHA256: String,
        signatureSHA256: String,
        nextExpiresAt: Instant,
        _ circumstances: SignatureAct.Circumstances
    ) throws(Rejection) -> SignaturePacketEvent {
        let index = try self.index(ofSigner: recipientID, at: circumstances.at)
        try self.recipients[index].status.require(to: .signed)
        guard contentSHA256 == self.contentSHA256 else {
            throw .conflict("content_mismatch", "The content is not what was sent.")
        }
        self.recipients[index].status = .signed
        self.recipients[index].signedSHA256 = contentSHA256
        let act = self.act(.signed, by: index, circumstances, signatureSHA256: signatureSHA256)
        let isComplete = self.signers.allSatisfy { $0.status == .signed }
        if isComplete { self.status = .completed }
        let place = self.recipients[index].position
        let isPlaceDone = self.signers.allSatisfy { $0.position != place || $0.status == .signed }
        let next = isComplete || !isPlaceDone ? [] : self.release(until: nextExpiresAt)
        return .signed(act, next: next, isComplete: isComplete)
    }

    /// A signer refuses, which ends the packet for everybody.
    public mutating func decline(
        by recipientID: Identifier,
        because reason: String,
        _ circumstances: SignatureAct.Circumstances
    ) throws(Rejection) -> SignaturePacketEvent {
        let index = try self.index(ofSigner: recipientID, at: circumstances.at)
        try self.recipients[index].status.require(to: .declined)
        let reason = try Words.require(reason, at: "/reason", "A signer declines with a reason.")
        self.recipients[index].status = .declined
        self.status = .declined
        return .declined(self.act(.declined, by: index, circumstances, reason: reason))
    }

    /// Gives a recipient a new link and more time. Whoever had begun goes on where they were.
    public mutating func resend(
        to recipientID: Identifier,
        expiresAt: Instant,
        at now: Instant
    ) throws(Rejection) -> SignaturePacketEvent {
        let index = try self.index(of: recipientID)
        guard expiresAt > now else {
            throw .invalid("/expires_at", code: "in_the_past", "The time to sign must lie ahead.")
        }
        switch self.recipients[index].status {
        case .sent, .opened, .consented: break
        case .expired:
            self.recipients[index].status = .sent
            self.recipients[index].termsServedAt = nil
            self.recipients[index].disclosureVersion = nil
        case .pending, .signed, .declined, .voided: throw self.recipients[index].status.refusal(to: .sent)
        }
        self.recipients[index].expiresAt = expiresAt
        return .resent(recipient: recipientID, expiresAt: expiresAt)
    }

    /// Ends one recipient's time, and leaves the others untouched.
    public mutating func expire(
        recipient recipientID: Identifier,
        at now: Instant
    ) throws(Rejection) -> SignaturePacketEvent {
        let index = try self.index(of: recipientID)
        try self.recipients[index].status.require(to: .expired)
        guard let expiresAt = self.recipients[index].expiresAt, now >= expiresAt else {
            throw .conflict("still_valid", "The recipient can still sign.")
        }
        self.recipients[index].status = .expired
        return .recipientExpired(recipient: recipientID)
    }

    /// Ends the packet for want of signatures, and with it the time of everybody who could still sign.
    public mutating func expire() throws(Rejection) -> SignaturePacketEvent {
        try self.status.require(to: .expired)
        self.status = .expired
        self.closeLinks(as: .expired)
        return .expired
    }

    /// Takes the packet back.
    public mutating func void(because reason: String) throws(Rejection) -> SignaturePacketEvent {
        try self.status.require(to: .voided)
        let reason = try Words.require(reason, at: "/reason", "A packet is voided with a reason.")
        self.status = .voided
        self.closeLinks(as: .voided)
        return .voided(reason: reason)
    }

    /// Ends what is open of each recipient; what somebody has done stays as it is, and so does who was never sent anything.
    private mutating func closeLinks(as status: SignatureRecipient.Status) {
        for index in self.recipients.indices where self.recipients[index].status.successors.contains(status) {
            self.recipients[index].status = status
        }
    }

    private func index(ofSigner recipientID: Identifier, at now: Instant) throws(Rejection) -> Int {
        let index = try self.index(ofLive: recipientID, at: now)
        guard self.recipients[index].role == .signer else {
            throw .conflict("not_a_signer", "That person only receives a copy.")
        }
        return index
    }

    private func act(
        _ kind: SignatureAct.Kind,
        by index: Int,
        _ circumstances: SignatureAct.Circumstances,
        signatureSHA256: String? = nil,
        reason: String? = nil
    ) -> SignatureAct {
        SignatureAct(
            kind: kind,
            packetID: self.id,
            recipientID: self.recipients[index].id,
            versionID: self.versionID,
            contentSHA256: self.contentSHA256,
            disclosureVersion: self.recipients[index].disclosureVersion,
            signatureSHA256: signatureSHA256,
            reason: reason,
            circumstances: circumstances
        )
    }
}
