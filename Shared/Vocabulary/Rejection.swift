/// A domain rule's refusal. `Contracts` turns it into a fault in one place.
public struct Rejection: Error, Hashable, Sendable {
    /// What a rule refuses, as far as a caller must tell it apart.
    public enum Kind: Hashable, Sendable {
        /// The thing is in a state from which that state cannot be reached.
        case invalidTransition(from: String, to: String, allowed: [String])
        /// The value at `pointer` (a JSON pointer into the request) cannot be accepted.
        case invalid(pointer: String, code: String)
        /// The request was sound, and something that exists is in its way.
        case conflict(code: String)
        /// The thing was there, and its time is over.
        case gone(code: String)
    }

    public let kind: Kind
    /// One sentence for a person; it holds no secret and no value of another tenant.
    public let detail: String

    public init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    public static func transition(_ what: String, from: String, to: String, allowed: [String]) -> Rejection {
        let choices = allowed.isEmpty ? "nothing" : allowed.joined(separator: ", ")
        return Rejection(
            .invalidTransition(from: from, to: to, allowed: allowed),
            "\(what) is \(from) and cannot become \(to). From \(from) it can become: \(choices)."
        )
    }

    public static func invalid(_ pointer: String, code: String, _ detail: String) -> Rejection {
        Rejection(.invalid(pointer: pointer, code: code), detail)
    }

    public static func conflict(_ code: String, _ detail: String) -> Rejection {
        Rejection(.conflict(code: code), detail)
    }

    public static func gone(_ code: String, _ detail: String) -> Rejection {
        Rejection(.gone(code: code), detail)
    }
}
