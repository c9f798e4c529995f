/// What an activity says happened: the seed's eleven words.
public enum ActivityType: String, CaseIterable, Sendable {
    case created, updated, deleted
    case statusChanged = "status_changed"
    case signed, sent, viewed, paid, approved, rejected, comment
}

extension ActivityType {
    /// The word for a domain event such as `invoice.paid`. An unknown event changed something, so it is an update.
    public init(eventType: String) {
        let parts = eventType.split(separator: ".")
        let subject = parts.dropLast().last ?? ""
        let verb = parts.last ?? ""
        switch (subject, verb) {
        case ("message", "created"), ("message", "posted"): self = .comment
        case ("contract", "completed"), ("signature_packet", "completed"): self = .signed
        default: self = Self.verbs[String(verb)] ?? .updated
        }
    }

    private static let verbs: [String: ActivityType] = {
        let words: [(ActivityType, String)] = [
            (.created, "created uploaded imported issued invited registered requested joined"),
            (.updated, "updated changed merged restored revised extended renumbered allocated applied rotated"),
            (.deleted, "deleted discarded removed"),
            (
                .statusChanged,
                """
                status_changed advanced lost won reopened activated held resumed completed cancelled started submitted \
                finalized voided expired overdue paused skipped superseded confirmed rescheduled no_show revoked moved \
                enabled disabled acceptance_withdrawn reversed left
                """
            ),
            (.signed, "signed"),
            (.sent, "sent resent delivered reminded"),
            (.viewed, "viewed opened downloaded"),
            (.paid, "paid received refunded"),
            (.approved, "approved accepted consented"),
            (.rejected, "rejected declined"),
            (.comment, "commented replied"),
        ]
        var verbs: [String: ActivityType] = [:]
        for (type, list) in words {
            for word in list.split(separator: " ") {
                verbs[String(word)] = type
            }
        }
        return verbs
    }()
}
