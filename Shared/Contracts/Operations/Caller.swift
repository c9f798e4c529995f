public import Vocabulary

/// Who asks, as the gateway established it and the assertion proves it. Services never parse a credential themselves.
public struct Caller: Hashable, Sendable {
    /// What kind of principal acts.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        case member
        case apiKey = "api_key"
        case contact
        case system
        case workflow
    }

    public var kind: Kind
    /// The user, the API key or the contact.
    public var subject: Identifier
    public var organization: Identifier
    public var role: Role
    /// What an API key is limited to; `nil` for a person's session, which has all that its role allows.
    public var scopes: [String]?
    public var session: Identifier?
    /// When the person last proved who they are in this session, by all that is asked of them; `nil` for what is no person's session.
    public var authenticatedAt: Instant?
    /// The organization's zone and currency, so that a person's request never waits for a copy of them to arrive.
    public var zone: Zone
    public var currency: Currency
    /// How far the organization's clock is ahead of everybody else's: 0 but for a sandbox that was advanced.
    public var aheadSeconds: Int64

    public init(
        kind: Kind,
        subject: Identifier,
        organization: Identifier,
        role: Role,
        scopes: [String]? = nil,
        session: Identifier? = nil,
        authenticatedAt: Instant? = nil,
        zone: Zone = .utc,
        currency: Currency = .usd,
        aheadSeconds: Int64 = 0
    ) {
        self.kind = kind
        self.subject = subject
        self.organization = organization
        self.role = role
        self.scopes = scopes
        self.session = session
        self.authenticatedAt = authenticatedAt
        self.zone = zone
        self.currency = currency
        self.aheadSeconds = aheadSeconds
    }

    public var actor: Actor { Actor(kind: Actor.Kind(self.kind), id: self.subject) }
}

/// Who did something, as an event records it.
public struct Actor: Hashable, Sendable {
    public var kind: Kind
    public var id: Identifier

    public init(kind: Kind, id: Identifier) {
        self.kind = kind
        self.id = id
    }

    /// What kind of principal it was. Open, unlike that of a caller, on which rights depend: what a newer service has written is kept
    /// and handed on by one that does not know the word.
    public struct Kind: RawRepresentable, CaseIterable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        public init(_ kind: Caller.Kind) { self.init(rawValue: kind.rawValue) }

        public static let member = Kind(.member)
        public static let apiKey = Kind(.apiKey)
        public static let contact = Kind(.contact)
        public static let system = Kind(.system)
        public static let workflow = Kind(.workflow)

        /// Those that this build knows.
        public static let allCases = Caller.Kind.allCases.map(Kind.init)
    }
}

/// The rule that decides whether a caller may use an operation at all. An operation without one does not start.
public struct Access: Hashable, Sendable {
    /// Who may call, before any rule about the object.
    public enum Rule: Hashable, Sendable {
        /// No credential: sign-up, sign-in.
        case open
        /// Any valid credential of an organization, whatever its role.
        case anyMember
        /// At least this role.
        case role(Role)
        /// Only other processes of the installation, never a client.
        case peers
    }

    public let rule: Rule
    /// The scope an API key needs, such as `crm:write`.
    public let scope: String?
    /// The one process that may call, where the rule is `peers`; `nil` admits every one of the installation.
    public let process: String?

    public init(_ rule: Rule, scope: String? = nil, process: String? = nil) {
        self.rule = rule
        self.scope = scope
        self.process = process
    }

    public static let open = Access(.open)
    public static let peers = Access(.peers)
    /// For one process of the installation, such as the gateway.
    public static func process(_ name: String) -> Access { Access(.peers, process: name) }
    /// For sessions of people only: no scope lets an API key in.
    public static let person = Access(.anyMember, scope: "session")

    public static func read(_ service: String) -> Access { Access(.role(.viewer), scope: "\(service):read") }
    public static func write(_ service: String) -> Access { Access(.role(.member), scope: "\(service):write") }
    public static func manage(_ service: String) -> Access { Access(.role(.admin), scope: "\(service):write") }
    public static func own(_ service: String) -> Access { Access(.role(.owner), scope: "\(service):write") }

    /// Decides for a caller, or for `nil` where no credential came.
    public func check(_ caller: Caller?) throws(Fault) {
        switch self.rule {
        case .open:
            return
        case .peers:
            throw Fault(.notFound, "There is no such operation.")
        case .anyMember, .role:
            guard let caller else { throw Fault(.unauthenticated, "Send a session token or an API key.") }
            if case .role(let least) = self.rule, caller.role < least {
                throw Fault(.forbidden, "This needs the role \(least.rawValue); yours is \(caller.role.rawValue).")
            }
            guard let scopes = caller.scopes, let scope = self.scope else { return }
            guard scopes.contains(scope) else { throw Fault(.forbidden, "This credential lacks the scope \(scope).") }
        }
    }
}
