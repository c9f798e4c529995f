public import Vocabulary

/// What a client is asked to accept: content under a hash, replaced as a whole by the next version.
public struct ProposalVersion: Hashable, Sendable {
    public let id: Identifier
    /// 1 for the first, ascending without gaps.
    public let number: Int
    public internal(set) var state: State
    /// SHA-256 of the canonical content in hexadecimal, fixed when the version is sent.
    public internal(set) var contentSHA256: String?
    /// The last day, in the organization's zone, on which the client may accept.
    public internal(set) var validUntil: LocalDate?

    public init(
        id: Identifier,
        number: Int = 1,
        state: State = .draft,
        contentSHA256: String? = nil,
        validUntil: LocalDate? = nil
    ) {
        self.id = id
        self.number = number
        self.state = state
        self.contentSHA256 = contentSHA256
        self.validUntil = validUntil
    }

    /// Where one version stands. Only `open` can be accepted, and a proposal has at most one of those.
    public enum State: String, Lifecycle {
        case draft, open, accepted, rejected, expired, superseded

        public static let subject = "The proposal version"

        public var successors: [State] {
            switch self {
            case .draft: [.open]
            case .open: [.accepted, .rejected, .expired, .superseded]
            case .rejected, .expired: [.superseded]
            case .accepted, .superseded: []
            }
        }
    }

    mutating func become(_ target: State) throws(Rejection) {
        try self.state.require(to: target)
        self.state = target
    }
}
