internal import Contracts
internal import Synchronization
internal import Vocabulary
internal import Wire

/// Who a credential stands for, as identity said, with the assertions that have been made of it.
final class ResolvedCredential: Sendable {
    /// What identity answers.
    struct Identity: Hashable, Sendable {
        let caller: Caller
        let timeZone: String
        let currency: String
        let memberVersion: Int64?
    }

    private struct Minted {
        let text: String
        let reusableUntil: Instant
    }

    let identity: Identity
    private let minted = Mutex<[[String]: Minted]>([:])

    init(_ identity: Identity) { self.identity = identity }

    var caller: Caller { self.identity.caller }

    /// Audiences remembered for one credential; there are about as many as services.
    private static let audiencesMax = 32

    /// The assertion for `audience`: one that was made a moment ago, or a new one.
    func assertion(for audience: [String], by mint: AssertionMint, now: Instant) -> String {
        let known = self.minted.withLock { $0[audience] }
        if let known, now < known.reusableUntil { return known.text }
        let text = mint.assertion(of: self.identity, for: audience, now: now)
        self.minted.withLock { minted in
            if minted.count >= Self.audiencesMax { minted.removeAll() }
            minted[audience] = Minted(text: text, reusableUntil: now.advanced(bySeconds: AssertionMint.reuseSecondsMax))
        }
        return text
    }
}

extension ResolvedCredential.Identity {
    struct Malformed: Error {}

    /// Reads the answer of `identity.credential.resolve/1`.
    init(parsing bytes: [UInt8]) throws {
        let json = try JSON(parsing: bytes)
        guard let organization = json["organization_id"]?.string.flatMap(Identifier.init(_:)),
            let subject = json["subject"]?.string.flatMap(Identifier.init(_:)),
            let kind = json["kind"]?.string.flatMap(Caller.Kind.init(rawValue:)),
            let role = json["role"]?.string.flatMap(Role.init(rawValue:)),
            let scopes = Self.scopes(json["scopes"])
        else { throw Malformed() }
        self.timeZone = json["time_zone"]?.string ?? Zone.utc.identifier
        self.currency = json["currency"]?.string ?? Currency.usd.code
        self.memberVersion = json["member_version"]?.int64
        self.caller = Caller(
            kind: kind,
            subject: subject,
            organization: organization,
            role: role,
            scopes: scopes.list,
            session: json["session_id"]?.string.flatMap(Identifier.init(_:)),
            zone: Zone(self.timeZone) ?? .utc,
            currency: Currency(self.currency) ?? .usd
        )
    }

    /// Absent or null means that the role alone decides; anything but a list of texts is no answer.
    private static func scopes(_ json: JSON?) -> (list: [String]?, Void)? {
        guard let json, !json.isNull else { return (nil, ()) }
        guard let elements = json.array else { return nil }
        let texts = elements.compactMap(\.string)
        return texts.count == elements.count ? (texts, ()) : nil
    }
}
