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
