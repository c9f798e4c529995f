internal import EventLog
internal import Postgres
internal import Resources

/// The rows of other services of which delivery keeps copies.
enum References {
    /// An engagement is not completed while one of its invoices is a draft.
    static let invoice = LocalCopy(
        of: "invoice",
        from: "revenue",
        kept: ["created", "updated", "finalized", "voided", "restored"],
        ended: ["deleted"],
        columns: [
            .optionalIdentifier("engagement_id"),
            LocalCopy.Column("is_draft") { event in .bool(try event.text("status") == "draft") },
        ]
    )

    static func follow(_ handlers: inout EventHandlers) {
        for copy in [LocalCopy.organization, .member, .clientCompany, Self.invoice] { copy.follow(&handlers) }
    }
}
