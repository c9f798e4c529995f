internal import Contracts
internal import HTTP2
internal import Wire

/// A browser's session, as the cookies that bring and take it. Made for the few operations that declare what they do to a session.
struct SessionCookies: Hashable, Sendable {
    let effect: SessionEffect
    /// What the service is told.
    let delivery: SessionDelivery
    /// Whether the answer may set or clear cookies.
    private let isInCookies: Bool

    /// The header by which a page asks for cookies. A form cannot send it, and a page of another origin may not.
    static let header = "session-delivery"
    static let headerValue = "cookie"
    /// `__Host-` has a browser take it from this very host only, and then it goes along with every request: nothing but a refresh reads it.
    static let refreshName = "__Host-refresh"
    /// By which identity knows the browser again when somebody signs in, also after a session's end: who tries the account from
    /// elsewhere does not keep its owner out.
    static let deviceName = "__Host-device"
    /// As long as identity remembers a device that nobody signs in from.
    static let deviceSeconds: Int64 = 180 * 86_400

    /// Refuses who asks for cookies from another site, so that nobody is signed in as somebody else by a page they visit.
    init(_ request: HTTPRequest, _ operation: RoutedOperation, _ effect: SessionEffect) throws(Fault) {
        let isAsked = try Self.isAsked(request)
        if isAsked { try SameOrigin.require(request) }
        self.effect = effect
        switch effect {
        case .begins:
            // A session that is kept from the page's scripts stays so: its new tokens never come in a body.
            let isHeld = operation.access.rule == .open ? false : try Self.isCredential(request)
            let isInCookies = isAsked || isHeld
            self.isInCookies = isInCookies
            let device = isInCookies ? PresentedCredential.cookie(Self.deviceName, in: request.fields) : nil
            self.delivery = isInCookies ? .cookies(refreshToken: nil, deviceToken: device) : .body
        case .refreshes:
            let token = isAsked ? PresentedCredential.cookie(Self.refreshName, in: request.fields) : nil
            self.isInCookies = isAsked
            self.delivery = isAsked ? .cookies(refreshToken: token) : .body
        case .ends:
            self.isInCookies = try Self.isCredential(request)
            self.delivery = .body
        }
    }

    private static func isAsked(_ request: HTTPRequest) throws(Fault) -> Bool {
        guard let value = request.first(self.header) else { return false }
        guard value == self.headerValue else {
            let detail = "The header \(self.header) is \(self.headerValue), or left out."
            throw Fault(.invalidRequest, detail, problems: [Problem("/header/\(self.header)", .malformed, detail)])
        }
        return true
    }

    private static func isCredential(_ request: HTTPRequest) throws(Fault) -> Bool {
        try PresentedCredential(request)?.source == .cookie
    }

    // MARK: Answering

    /// The fields that set or clear the cookies. Those of a session that cannot be refreshed any more are of no use.
    func fields(for reply: WireReply) -> [HTTPField] {
        guard self.isInCookies else { return [] }
        switch reply.session {
        case .begun(let accessToken, let refreshToken, let seconds, let deviceToken):
            let device = deviceToken.map {
                Self.field(Self.deviceName, $0, Self.deviceSeconds, sameSite: "Strict")
            }
            return Self.fields(accessToken, refreshToken, seconds) + (device.map { [$0] } ?? [])
        case .ended: return Self.cleared
        case nil:
            let isLost = self.effect == .refreshes && reply.status == Fault.Code.unauthenticated.rawValue
            return isLost ? Self.cleared : []
        }
    }

    private static let cleared = Self.fields("", "", 0)

    private static func fields(_ accessToken: String, _ refreshToken: String, _ seconds: Int64) -> [HTTPField] {
        [
            Self.field(PresentedCredential.cookieName, accessToken, seconds, sameSite: "Lax"),
            // Only pages of our own refresh a session, so no other site's link needs to bring it along.
            Self.field(Self.refreshName, refreshToken, seconds, sameSite: "Strict"),
        ]
    }

    private static func field(_ name: String, _ value: String, _ seconds: Int64, sameSite: String) -> HTTPField {
        HTTPField(
            "set-cookie",
            "\(name)=\(value); Path=/; Max-Age=\(seconds); Secure; HttpOnly; SameSite=\(sameSite)"
        )
    }
}
