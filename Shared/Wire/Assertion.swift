internal import Contracts
public import Vocabulary

/// On whose behalf a call is made, as the gateway vouches for it to the services for at most a minute.
///
/// Services decide on this alone: they hold neither sessions nor memberships.
public struct Assertion: Hashable, Sendable {
    /// The service that vouches.
    public var issuer: String
    /// The services that may accept it.
    public var audience: [String]
    public var subject: Identifier
    public var organization: Identifier?
    /// `member`, `api_key`, `contact` or `system`; open.
    public var kind: String
    public var role: Role?
    /// What an API key may do; nil when the role alone decides.
    public var scopes: [String]?
    public var session: Identifier?
    /// When the person last proved who they are in that session.
    public var authenticatedAt: Instant?
    public var timeZone: String?
    public var currency: String?
    /// How far the organization's clock is ahead of the machines', in seconds; nil for all but sandboxes that were advanced.
    public var aheadSeconds: Int64?
    /// The membership's version, so that a service that has seen a newer one can refuse.
    public var memberVersion: Int64?
    public var issuedAt: Instant
    public var expiresAt: Instant

    public init(
        issuer: String,
        audience: [String],
        subject: Identifier,
        organization: Identifier? = nil,
        kind: String,
        role: Role? = nil,
        scopes: [String]? = nil,
        session: Identifier? = nil,
        authenticatedAt: Instant? = nil,
        timeZone: String? = nil,
        currency: String? = nil,
        aheadSeconds: Int64? = nil,
        memberVersion: Int64? = nil,
        issuedAt: Instant,
        expiresAt: Instant
    ) {
        self.issuer = issuer
        self.audience = audience
        self.subject = subject
        self.organization = organization
        self.kind = kind
        self.role = role
        self.scopes = scopes
        self.session = session
        self.authenticatedAt = authenticatedAt
        self.timeZone = timeZone
        self.currency = currency
        self.aheadSeconds = aheadSeconds
        self.memberVersion = memberVersion
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }

    /// The longest an assertion may hold, in seconds.
    public static let lifetimeSecondsMax: Int64 = 60
    /// How far the clocks of two machines may differ, in seconds.
    public static let clockSkewSecondsMax: Int64 = 5
    /// The longest text accepted.
    public static let textBytesMax = 4_096
}

/// Why an assertion is not accepted. The caller gets `unauthenticated`, or `internal` where it is true and this process
/// cannot read it; the log says which.
public enum AssertionFault: Error, Hashable, Sendable {
    case malformed(String)
    case unknownKey
    case badSignature
    case wrongAudience
    case notYetValid
    case expired
    case actsForNobody
    /// The organization's time zone, as the assertion has it.
    case unknownZone(String?)
    case unknownCurrency(String?)

    /// Another process of this installation wrote what this one cannot read; the caller did nothing wrong.
    public var isOurs: Bool {
        switch self {
        case .unknownZone, .unknownCurrency: true
        case .malformed, .unknownKey, .badSignature, .wrongAudience, .notYetValid, .expired, .actsForNobody: false
        }
    }
}

extension Assertion {
    /// The JSON that is signed. Times are microseconds, so that nothing is lost.
    func payload(keyID: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("kid")
        writer.string(keyID)
        writer.key("iss")
        writer.string(self.issuer)
        writer.key("aud")
        Self.write(self.audience, to: &writer)
        writer.key("sub")
        writer.string(self.subject.description)
        Self.write("org", self.organization?.description, to: &writer)
        writer.key("kind")
        writer.string(self.kind)
        Self.write("role", self.role?.rawValue, to: &writer)
        if let scopes {
            writer.key("scope")
            Self.write(scopes, to: &writer)
        }
        Self.write("sid", self.session?.description, to: &writer)
        if let authenticatedAt {
            writer.key("auth")
            writer.int(authenticatedAt.microseconds)
        }
        Self.write("tz", self.timeZone, to: &writer)
        Self.write("cur", self.currency, to: &writer)
        if let aheadSeconds {
            writer.key("ahead")
            writer.int(aheadSeconds)
        }
        if let memberVersion {
            writer.key("mver")
            writer.int(memberVersion)
        }
        writer.key("iat")
        writer.int(self.issuedAt.microseconds)
        writer.key("exp")
        writer.int(self.expiresAt.microseconds)
        writer.endObject()
        return writer.finish()
    }

    private static func write(_ key: StaticString, _ value: String?, to writer: inout JSONWriter) {
        guard let value else { return }
        writer.key(key)
        writer.string(value)
    }

    private static func write(_ values: [String], to writer: inout JSONWriter) {
        writer.beginArray()
        for value in values { writer.string(value) }
        writer.endArray()
    }

    /// Reads a payload whose signature has been verified. Names it does not know are skipped.
    init(payload: JSONObject) throws(AssertionFault) {
        self.init(
            issuer: try Self.required("iss", payload["iss"]?.string),
            audience: try Self.strings("aud", payload["aud"]) ?? [],
            subject: try Self.required("sub", Self.identifier("sub", payload["sub"])),
            organization: try Self.identifier("org", payload["org"]),
            kind: try Self.required("kind", payload["kind"]?.string),
            role: try Self.role(payload["role"]),
            scopes: try Self.strings("scope", payload["scope"]),
            session: try Self.identifier("sid", payload["sid"]),
            authenticatedAt: payload["auth"]?.int64.map(Instant.init(microseconds:)),
            timeZone: payload["tz"]?.string,
            currency: payload["cur"]?.string,
            aheadSeconds: try Self.ahead(payload["ahead"]),
            memberVersion: payload["mver"]?.int64,
            issuedAt: Instant(microseconds: try Self.required("iat", payload["iat"]?.int64)),
            expiresAt: Instant(microseconds: try Self.required("exp", payload["exp"]?.int64))
        )
    }

    private static func required<Value>(_ name: String, _ value: Value?) throws(AssertionFault) -> Value {
        guard let value else { throw .malformed(name) }
        return value
    }

    private static func identifier(_ name: String, _ value: JSON?) throws(AssertionFault) -> Identifier? {
        guard let value else { return nil }
        return try Self.required(name, value.string.flatMap { Identifier($0) })
    }

    /// A role this version does not know must not turn into no role, which may mean something else.
    private static func role(_ value: JSON?) throws(AssertionFault) -> Role? {
        guard let value else { return nil }
        return try Self.required("role", value.string.flatMap { Role(rawValue: $0) })
    }

    /// Read as the wrong time, or as none, it would date a sandbox's rows on another day.
    private static func ahead(_ value: JSON?) throws(AssertionFault) -> Int64? {
        guard let value else { return nil }
        let seconds = try Self.required("ahead", value.int64)
        guard SandboxClockLimits.totalSeconds.contains(seconds) else { throw .malformed("ahead") }
        return seconds
    }

    private static func strings(_ name: String, _ value: JSON?) throws(AssertionFault) -> [String]? {
        guard let value else { return nil }
        guard let array = value.array else { throw .malformed(name) }
        var strings: [String] = []
        for element in array { strings.append(try Self.required(name, element.string)) }
        return strings
    }
}
