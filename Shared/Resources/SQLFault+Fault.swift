public import Contracts
public import Postgres

extension Fault {
    /// What a client reads of a database's refusal; `nil` for one that is our own mistake. By convention a constraint is named
    /// `<table>__<column>_<fkey|key|check>`, so that its name says which field is meant.
    public init?(describing fault: SQLFault) {
        switch (fault.kind, fault.state) {
        case (.poolExhausted, _):
            self.init(.unavailable, "All database connections are busy. Try again in a moment.", retryAfter: 1)
        case (.deadline, _), (.cancelled, _):
            self.init(.deadlineExceeded, "The request took longer than it was given.")
        case (.outcomeUnknown, _):
            self.init(
                .unavailable,
                "The connection to the database was lost while this was being committed. Repeat the request with the same Idempotency-Key to learn its outcome.",
                retryAfter: 1
            )
        case (.server, "23503"):
            let column = Self.column(in: fault.constraint, suffix: "_fkey")
            self = .invalid("/\(column)", "unknown_reference", "There is no such object: \(column).")
        case (.server, "23505"):
            let column = Self.column(in: fault.constraint, suffix: "_key")
            self.init(
                .conflict,
                "Another object already has this \(column).",
                problems: [Problem("/\(column)", "taken", "This value is taken.")]
            )
        case (.server, "23514") where fault.constraint == "custom_fields_required":
            self = .invalid(Self.missingCustomFields(fault.message))
        case (.server, "23514"):
            let column = Self.column(in: fault.constraint, suffix: "_check")
            self = .invalid("/\(column)", "constraint", "This value is not acceptable for \(column).")
        case (.server, "55P03"), (.server, "40001"), (.server, "40P01"):
            self.init(.conflict, "Somebody else is changing this at the same moment. Try again.", retryAfter: 1)
        case _ where fault.isTransient:
            self.init(.unavailable, "The database is not available at this moment.", retryAfter: 1)
        default:
            return nil
        }
    }

    /// The table names what it misses (`custom_field_guard()`).
    private static func missingCustomFields(_ message: String) -> [Problem] {
        let keys = message.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.filter { $0 != "ERROR" }
        return keys.map { Problem("\(CustomFieldSet.pointer)/\($0)", .required, "\($0) is required.") }
    }

    private static func column(in constraint: String?, suffix: String) -> String {
        guard var name = constraint else { return "" }
        if name.hasSuffix(suffix) { name.removeLast(suffix.count) }
        guard let split = name.firstRange(of: "__") else { return name }
        return String(name[split.upperBound...])
    }
}
