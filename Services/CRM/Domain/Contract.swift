public import Vocabulary

/// An agreement to be signed. Its content has versions; a packet of signatures belongs to one of them.
public struct Contract: Hashable, Sendable {
    public let id: Identifier
    public private(set) var status: Status
    public private(set) var version: Version
    /// The packet out for signature, if there is one.
    public private(set) var openPacketID: Identifier?
    public private(set) var signedAt: Instant?

    /// Restores a stored contract, or begins one; it enforces no rule.
    public init(
        id: Identifier,
        version: Version,
        status: Status = .draft,
        openPacketID: Identifier? = nil,
        signedAt: Instant? = nil
    ) {
        self.id = id
        self.version = version
        self.status = status
        self.openPacketID = openPacketID
        self.signedAt = signedAt
    }

    /// How far the contract has come; only a sent one can be signed or expire.
    public enum Status: String, Lifecycle {
        case draft, sent, signed, expired, cancelled

        public static let subject = "The contract"

        public var successors: [Status] {
            switch self {
            case .draft: [.sent, .cancelled]
            case .sent: [.signed, .expired, .cancelled]
            case .signed, .expired, .cancelled: []
            }
        }
    }

    /// One state of the content, under the hash that every signer signs.
    public struct Version: Hashable, Sendable {
        public let id: Identifier
        public let number: Int
        /// SHA-256 of the canonical content in hexadecimal.
        public let contentSHA256: String

        public init(id: Identifier, number: Int = 1, contentSHA256: String) {
            self.id = id
            self.number = number
            self.contentSHA256 = contentSHA256
        }
    }
}

/// What happened to a contract.
public enum ContractEvent: Hashable, Sendable {
    case edited(version: Contract.Version, voidedPacketID: Identifier?)
    case sent(version: Contract.Version, packetID: Identifier)
    case signed(version: Contract.Version, packetID: Identifier)
    case expired(voidedPacketID: Identifier?)
    case cancelled(reason: String, voidedPacketID: Identifier?)
}

extension Contract {
    /// Changes the content: in place while it is a draft; afterwards as a new version, which voids the open packet.
    public mutating func edit(contentSHA256: String, versionID: Identifier) throws(Rejection) -> ContractEvent {
        switch self.status {
        case .draft:
            self.version = Version(id: self.version.id, number: self.version.number, contentSHA256: contentSHA256)
            return .edited(version: self.version, voidedPacketID: nil)
        case .sent:
            let voided = self.openPacketID
            self.version = Version(id: versionID, number: self.version.number + 1, contentSHA256: contentSHA256)
            self.openPacketID = nil
            return .edited(version: self.version, voidedPacketID: voided)
        case .signed, .expired, .cancelled:
            throw .conflict("contract_closed", "A contract that is \(self.status.rawValue) is not edited.")
        }
    }

    /// Sends the newest version out for signature: the first time, or again once an edit has voided the packet.
    public mutating func send(packetID: Identifier) throws(Rejection) -> ContractEvent {
        switch self.status {
        case .draft: break
        case .sent where self.openPacketID == nil: break
        case .sent: throw .conflict("packet_open", "The contract is already out for signature.")
        case .signed, .expired, .cancelled: throw self.status.refusal(to: .sent)
        }
        self.status = .sent
        self.openPacketID = packetID
        return .sent(version: self.version, packetID: packetID)
    }

    /// Closes the contract once every signer has signed the hash of its newest version.
    public mutating func sign(with packet: SignaturePacket, at now: Instant) throws(Rejection) -> ContractEvent {
        try self.status.require(to: .signed)
        guard packet.id == self.openPacketID else {
            throw .conflict("packet_not_open", "The signatures belong to another packet.")
        }
        guard packet.status == .completed else {
            throw .conflict("signatures_missing", "Not every signer has signed.")
        }
        let hashes = packet.signers.map(\.signedSHA256)
        guard packet.versionID == self.version.id, hashes.allSatisfy({ $0 == self.version.contentSHA256 }) else {
            throw .conflict("content_mismatch", "The signatures are for another version.")
        }
        self.status = .signed
        self.signedAt = now
        return .signed(version: self.version, packetID: packet.id)
    }

    /// Ends a contract that nobody signed in time.
    public mutating func expire() throws(Rejection) -> ContractEvent {
        try self.status.require(to: .expired)
        self.status = .expired
        return .expired(voidedPacketID: self.releasePacket())
    }

    /// Ends a contract that is not wanted any more, or that a signer declined.
    public mutating func cancel(because reason: String) throws(Rejection) -> ContractEvent {
        try self.status.require(to: .cancelled)
        let reason = try Words.require(reason, at: "/reason", "A contract is cancelled with a reason.")
        self.status = .cancelled
        return .cancelled(reason: reason, voidedPacketID: self.releasePacket())
    }

    private mutating func releasePacket() -> Identifier? {
        defer { self.openPacketID = nil }
        return self.openPacketID
    }
}
