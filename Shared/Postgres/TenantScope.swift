public import Vocabulary

/// Whose rows a request may touch: there is no way to the database without one.
///
/// An organization's scope sets `app.organization_id`, by which row-level security shows its rows and no others. The
/// system's scope sets `app.system`, which only tables under `app_protect_with_system` honour.
public enum TenantScope: Hashable, Sendable {
    case organization(Identifier)
    case system

    static let sessionStatement: SQL =
        "SELECT set_config('app.organization_id', $1, false), set_config('app.system', $2, false)"
    static let transactionStatement: SQL =
        "SELECT set_config('app.organization_id', $1, true), set_config('app.system', $2, true)"
    static let tracedTransactionStatement: SQL =
        transactionStatement + ", set_config('application_name', $3, true)"

    /// The two settings in the order of the statements above. Each scope sets both, so that none outlives a change.
    var settings: [SQLValue] {
        switch self {
        case .organization(let id): [.uuid(id), .text("")]
        case .system: [.text(""), .text("on")]
        }
    }
}
