internal import Contracts

/// What of a proposal or a contract is the firm's own affair: who looks after it, whom one talks to, and what another system calls
/// it. None of it is in the content that a client accepts or signs, so it changes at any time and makes no version.
enum AdministrativeFields {
    static let names: Set<String> = ["owner_id", "contact_id", "external_id"]

    /// Whether any of these changes is one of the content.
    static func isContent(_ changes: Values) -> Bool { !self.names.isSuperset(of: changes.names) }
}
