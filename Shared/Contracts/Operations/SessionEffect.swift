/// What an operation does to the session of whoever calls it, so that the gateway can keep a browser's session in cookies without
/// knowing any operation by name. Declared on the operation.
public enum SessionEffect: String, CaseIterable, Hashable, Sendable {
    /// Answers the tokens of a new session, or new tokens of the one at hand.
    case begins
    /// Answers new tokens for a refresh token.
    case refreshes
    /// May end the session it is called in.
    case ends
}

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
