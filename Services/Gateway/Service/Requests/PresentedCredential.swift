internal import Contracts
internal import HTTP2

/// The credential that a request brings.
struct PresentedCredential: Hashable, Sendable {
    enum Source: Hashable, Sendable {
        case bearer
        /// Sent by a browser by itself, whoever caused the request.
        case cookie
    }

    let token: String
    let source: Source

    static let cookieName = "__Host-sid"
    static let tokenBytesMax = 512

    /// `nil` where there is none. A bearer token goes before a cookie: it was sent on purpose.
    init?(_ request: HTTPRequest) throws(Fault) {
        if let authorization = request.first("authorization") {
            guard let token = Self.bearer(authorization) else {
                throw Fault(.unauthenticated, "The header authorization must read: Bearer, a space, and the token.")
            }
            self.init(token: token, source: .bearer)
            return
        }
        guard let token = Self.cookie(Self.cookieName, in: request.fields) else { return nil }
        self.init(token: token, source: .cookie)
    }

    private init(token: String, source: Source) {
        self.token = token
        self.source = source
    }

    private static func bearer(_ authorization: String) -> String? {
        let bytes = authorization.utf8
        let scheme = "bearer ".utf8
        // Setting the bit of lower case turns no other byte into a letter of the word, and leaves the space as it is.
        guard bytes.count > scheme.count, bytes.prefix(scheme.count).elementsEqual(scheme, by: { $0 | 0x20 == $1 })
        else {
            return nil
        }
        let token = String(authorization[bytes.index(bytes.startIndex, offsetBy: scheme.count)...])
        return self.isToken(token) ? token : nil
    }

    /// The token in a cookie.
    static func cookie(_ name: String, in fields: [HTTPField]) -> String? {
        // HTTP/2 clients may send each crumb in a field of its own.
        for field in fields where field.name == "cookie" {
            for crumb in field.value.split(separator: ";") {
                let crumb = crumb.drop { $0 == " " }
                guard crumb.hasPrefix(name), crumb.dropFirst(name.count).first == "=" else { continue }
                let token = String(crumb.dropFirst(name.count + 1))
                return self.isToken(token) ? token : nil
            }
        }
        return nil
    }

    private static func isToken(_ text: String) -> Bool {
        (1...self.tokenBytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }
}

/// Whether a request that changes something and is authenticated by a cookie was caused by our own pages.
enum SameOrigin {
    static func check(_ request: HTTPRequest, _ credential: PresentedCredential) throws(Fault) {
        guard credential.source == .cookie, !self.isSafe(request.method) else { return }
        try self.require(request)
    }

    static func require(_ request: HTTPRequest) throws(Fault) {
        guard !self.isOurs(request) else { return }
        throw Fault(.forbidden, "A request from another site may not use this session.")
    }

    private static func isSafe(_ method: String) -> Bool { method == "GET" || method == "HEAD" }

    /// `Sec-Fetch-Site` cannot be set by a page; where a browser does not send it, `Origin` must be ours. Neither means
    /// no browser of this decade, and no reason to trust.
    private static func isOurs(_ request: HTTPRequest) -> Bool {
        if let site = request.first("sec-fetch-site") { return site == "same-origin" }
        guard let origin = request.first("origin"), !request.authority.isEmpty else { return false }
        return origin == "https://\(request.authority)" || origin == "http://\(request.authority)"
    }
}
