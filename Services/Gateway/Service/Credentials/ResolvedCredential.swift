internal import Contracts
internal import Synchronization
internal import Vocabulary
internal import Wire

/// Who a credential stands for, as identity said, with the assertions that have been made of it.
final class ResolvedCredential: Sendable {
    /// What identity answers.
    struct Identity: Hashable, Sendable {
        let caller: Caller
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
    /// A member of the answer that is missing or means nothing here.
    struct Malformed: Error, Hashable {
        let member: String
        let value: JSON?
    }

    /// Reads the answer of `identity.credential.resolve/1`. Nothing is filled in: a caller in another zone than the
    /// organization's would do things on another day.
    init(parsing bytes: [UInt8]) throws {
        let json = try JSON(parsing: bytes)
        func read<Value>(_ member: String, _ value: (String) -> Value?) throws(Malformed) -> Value {
            guard let value = json[member]?.string.flatMap(value) else {
                throw Malformed(member: member, value: json[member])
            }
            return value
        }
        guard let scopes = Self.scopes(json["scopes"]) else { throw Malformed(member: "scopes", value: json["scopes"]) }
        self.memberVersion = json["member_version"]?.int64
        self.caller = Caller(
            kind: try read("kind", Caller.Kind.init(rawValue:)),
            subject: try read("subject", Identifier.init(_:)),
            organization: try read("organization_id", Identifier.init(_:)),
            role: try read("role", Role.init(rawValue:)),
            scopes: scopes.list,
            session: json["session_id"]?.string.flatMap(Identifier.init(_:)),
            authenticatedAt: json["authenticated_at"]?.string.flatMap(Instant.init(_:)),
            zone: try read("time_zone", Zone.init(_:)),
            currency: try read("currency", Currency.init(_:)),
            // An identity of before sandboxes had clocks does not say.
            aheadSeconds: json["ahead_seconds"]?.int64 ?? 0
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
