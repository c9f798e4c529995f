/// How the caller wants the tokens of a session.
public enum SessionDelivery: Hashable, Sendable {
    /// In the body of the answer, for a program.
    case body
    /// In cookies, for a browser, and nowhere else. `refreshToken` is what its cookie holds, where the operation refreshes;
    /// `deviceToken`, by which a browser is known again, where it begins a session.
    case cookies(refreshToken: String?, deviceToken: String? = nil)

    public var isCookies: Bool { if case .cookies = self { true } else { false } }
}

/// What an answer does to the session that a browser holds in cookies.
public enum SessionChange: Hashable, Sendable {
    /// Its tokens from now on, after how many seconds it is over in any case, and by what its browser is known again.
    case begun(accessToken: String, refreshToken: String, seconds: Int64, deviceToken: String? = nil)
    /// The session of this very call is over.
    case ended
}
