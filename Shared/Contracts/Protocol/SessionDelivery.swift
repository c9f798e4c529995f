/// How the caller wants the tokens of a session.
public enum SessionDelivery: Hashable, Sendable {
    /// In the body of the answer, for a program.
    case body
    /// In cookies, for a browser, and nowhere else. `refreshToken` is what its cookie holds, where the operation refreshes.
    case cookies(refreshToken: String?)

    public var isCookies: Bool { if case .cookies = self { true } else { false } }
}

/// What an answer does to the session that a browser holds in cookies.
public enum SessionChange: Hashable, Sendable {
    /// Its tokens from now on, and after how many seconds it is over in any case.
    case begun(accessToken: String, refreshToken: String, seconds: Int64)
    /// The session of this very call is over.
    case ended
}
