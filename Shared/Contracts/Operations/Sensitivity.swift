/// What a value would reveal in a log; the rules are the data model's redaction table.
///
/// They belong to the declared *value*, and are never looked for by pattern in a finished line: a pattern misses what it does not
/// know, and a key such as `email` can be renamed.
public enum Sensitivity: String, CaseIterable, Hashable, Sendable {
    /// Shown as its domain only.
    case email
    /// Shown as its last four digits.
    case phone
    /// Shown as its last four letters or digits.
    case taxID = "tax_id"
    /// Shown as the id or prefix of the token only.
    case token
    /// A password or another secret that has no part which may be seen. Never shown.
    case password
    /// Never shown.
    case signature
    /// Never shown: file content, message bodies, notes, free documents.
    case content
    /// A person's name: never shown in a log.
    case name
}

extension Field {
    /// How the value is redacted where it enters a log; `nil` for a value that may be shown. A declaration that says nothing has
    /// the rule of its kind, so that an address or a password is never forgotten.
    public var sensitivity: Sensitivity? { self.declaredSensitivity ?? self.kind.sensitivity }
}

extension Field.Kind {
    /// What is sensitive by its form, whatever it is called.
    public var sensitivity: Sensitivity? {
        switch self {
        case .text(let rule):
            switch rule.format {
            case .email: .email
            case .phone: .phone
            case .password: .password
            case .plain, .uri, .currency, .timeZone, .sha256: nil
            }
        case .document: .content
        case .integer, .boolean, .decimal, .identifier, .instant, .date, .choice, .object, .list: nil
        }
    }
}
