internal import Contracts
internal import Vocabulary

/// Credentials that hold no longer, or mean something else from now on: all that agree with every part which is given.
struct Revocation: Hashable, Sendable {
    var token: TokenHash?
    var session: Identifier?
    var subject: Identifier?
    var organization: Identifier?

    init(
        token: TokenHash? = nil,
        session: Identifier? = nil,
        subject: Identifier? = nil,
        organization: Identifier? = nil
    ) {
        self.token = token
        self.session = session
        self.subject = subject
        self.organization = organization
    }

    /// Reads an item of `identity.credential.revocations/1`; `nil` where it names nothing that can be found, which the
    /// reader must take as everything.
    init?(parsing bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes), json.object != nil else { return nil }
        self.token = json["token_sha256"]?.string.flatMap(TokenHash.init(hexadecimal:))
        self.session = json["session_id"]?.string.flatMap(Identifier.init(_:))
        self.subject = json["subject"]?.string.flatMap(Identifier.init(_:))
        self.organization = json["organization_id"]?.string.flatMap(Identifier.init(_:))
        if self == Revocation() { return nil }
    }

    func covers(_ hash: TokenHash, _ caller: Caller) -> Bool {
        (self.token == nil || self.token == hash)
            && (self.session == nil || self.session == caller.session)
            && (self.subject == nil || self.subject == caller.subject)
            && (self.organization == nil || self.organization == caller.organization)
    }
}
