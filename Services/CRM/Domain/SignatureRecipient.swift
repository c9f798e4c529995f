public import Vocabulary

/// One person in a packet, and how far that person has come.
public struct SignatureRecipient: Hashable, Sendable {
    public let id: Identifier
    public let role: Role
    /// The place in a sequential packet, ascending; those with the same place go together.
    public let position: Int
    public internal(set) var status: Status
    /// When all pages of the terms had been shown. Consent before that is refused.
    public internal(set) var termsServedAt: Instant?
    public internal(set) var disclosureVersion: String?
    /// The hash of the content that this person signed.
    public internal(set) var signedSHA256: String?
    public internal(set) var expiresAt: Instant?

    public init(
        id: Identifier,
        role: Role = .signer,
        position: Int = 1,
        status: Status = .pending,
        termsServedAt: Instant? = nil,
        disclosureVersion: String? = nil,
        signedSHA256: String? = nil,
        expiresAt: Instant? = nil
    ) {
        self.id = id
        self.role = role
        self.position = position
        self.status = status
        self.termsServedAt = termsServedAt
        self.disclosureVersion = disclosureVersion
        self.signedSHA256 = signedSHA256
        self.expiresAt = expiresAt
    }

    /// A signer must sign; a viewer only receives a copy.
    public enum Role: String, CaseIterable, Sendable {
        case signer, viewer
    }

    /// How far one recipient has come: terms are opened before they are agreed to, and signed last.
    public enum Status: String, Lifecycle {
        case pending, sent, opened, consented, signed, declined, expired
        /// The packet was taken back before this recipient had signed.
        case voided

        public static let subject = "The recipient"

        /// An expired recipient can be sent a new link while the packet is open.
        public var successors: [Status] {
            switch self {
            case .pending: [.sent]
            case .sent: [.opened, .declined, .expired, .voided]
            case .opened: [.consented, .declined, .expired, .voided]
            case .consented: [.signed, .declined, .expired, .voided]
            case .expired: [.sent]
            case .signed, .declined, .voided: []
            }
        }
    }
}

/// The evidence of one act: what was done, to what, by whom, from where and when the server saw it.
public struct SignatureAct: Hashable, Sendable {
    /// What was done.
    public enum Kind: String, CaseIterable, Sendable {
        case opened
        case termsServed = "terms_served"
        case consented, signed, declined
    }

    /// What the server knows of the person who acts.
    public struct Circumstances: Hashable, Sendable {
        /// How the person who acted was recognised: `link`, `otp`, `account` for a member's session, `api_key` for a machine.
        public let authentication: String
        public let address: String
        public let userAgent: String
        public let at: Instant

        public init(authentication: String, address: String, userAgent: String, at: Instant) {
            self.authentication = authentication
            self.address = address
            self.userAgent = userAgent
            self.at = at
        }
    }

    public let kind: Kind
    public let packetID: Identifier
    public let recipientID: Identifier
    public let versionID: Identifier
    public let contentSHA256: String
    public let disclosureVersion: String?
    /// The hash of the drawn or typed signature; the image itself is not evidence and never logged.
    public let signatureSHA256: String?
    public let reason: String?
    public let circumstances: Circumstances
}
