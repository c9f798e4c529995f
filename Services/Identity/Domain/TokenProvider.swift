/// Somebody else's service that the organization has given us a token for, and which of ours may use it.
public enum TokenProvider: String, CaseIterable, Sendable {
    case google, microsoft, quickbooks, stripe, xero

    /// The one service that the token leaves the vault for: books and payments are revenue's, calendars are delivery's.
    public var reader: String {
        switch self {
        case .google, .microsoft: "delivery"
        case .quickbooks, .stripe, .xero: "revenue"
        }
    }
}
