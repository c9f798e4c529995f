/// Why a statement, a transaction or a connection failed.
public struct SQLFault: Error, Sendable, Hashable {
    /// Where the failure lies, which decides whether trying again can help.
    public enum Kind: Sendable, Hashable {
        /// The server refused the statement; `state` says why.
        case server
        /// There is no connection, or it was lost before anything could take effect.
        case connection
        /// Nobody gave a connection back within the acquire timeout, or too many wait already.
        case poolExhausted
        /// The connection was lost with the COMMIT: the transaction took effect, or it did not. Never retry blindly.
        case outcomeUnknown
        /// A column is missing, null, or not of the type asked for; or a value cannot be sent.
        case decode
        /// The deadline passed first. Nothing was committed.
        case deadline
        /// The calling task was cancelled while it waited. Nothing was committed.
        case cancelled
        /// A queued statement changed another number of rows than its `expecting` said.
        case expectation
    }

    public var kind: Kind
    /// The five-character SQLSTATE, or `nil` where the failure is on this side of the socket.
    public var state: String?
    public var message: String
    /// The constraint the server named, by which a unique violation becomes a domain conflict.
    public var constraint: String?

    public init(_ kind: Kind, state: String? = nil, _ message: String, constraint: String? = nil) {
        self.kind = kind
        self.state = state
        self.message = message
        self.constraint = constraint
    }
}

extension SQLFault {
    /// Whether the same request may succeed a moment later: nothing is wrong with the request itself.
    ///
    /// An unknown outcome is not transient: only its idempotency key can resolve it.
    public var isTransient: Bool {
        switch self.kind {
        case .connection, .poolExhausted: true
        case .server:
            self.isServerGone || self.isStalePlan || self.hasClass("53")
                || Self.transientStates.contains(self.state ?? "")
        case .outcomeUnknown, .decode, .deadline, .cancelled, .expectation: false
        }
    }

    /// It says nothing of the statement: the same may well succeed later.
    public var isOfTheMoment: Bool {
        self.isTransient || [.outcomeUnknown, .deadline, .cancelled].contains(self.kind)
    }

    /// It would happen to whoever asked now: no connection, or a server that is going, full or read-only.
    public var isOfTheServer: Bool {
        self.kind == .connection || self.kind == .poolExhausted || self.isServerGone || self.isReadOnlyServer
            || self.hasClass("53")
    }

    /// Serialization failure, deadlock, lock timeout, statement timeout or cancel by an operator.
    private static let transientStates: Set<String> = ["40001", "40P01", "55P03", "57014"]

    /// The server ends or does not take sessions (57P0x), or the connection failed (08xxx): every connection of the
    /// pool is about to fail the same way.
    var isServerGone: Bool {
        guard self.kind == .server || self.kind == .connection else { return false }
        switch self.state {
        case "57P01", "57P02", "57P03": return true
        default: return self.hasClass("08")
        }
    }

    /// A write met a server that is read-only: after a failover, the old primary.
    var isReadOnlyServer: Bool { self.state == "25006" }

    /// The prepared statement is unknown to the server, or its result changed its shape under it (a migration ran).
    var isStalePlan: Bool {
        self.state == "26000" || (self.state == "0A000" && self.message.contains("cached plan"))
    }

    private func hasClass(_ prefix: String) -> Bool { self.state?.hasPrefix(prefix) ?? false }
}

extension SQLFault: CustomStringConvertible {
    public var description: String {
        var text = "\(self.kind)"
        if let state = self.state { text += " \(state)" }
        if let constraint = self.constraint { text += " (\(constraint))" }
        return text + (self.quotesValue ? ": [withheld]" : ": \(self.message)")
    }

    /// Data exceptions (class 22) quote the value that could not be read: `invalid input syntax for type date: "…"`. No declaration
    /// says what it was, so a log has the state only.
    private var quotesValue: Bool { self.kind == .server && self.hasClass("22") }
}
