/// Which service owns which part of the path space: the first segment behind the version, such as `deals` of
/// `/v1/deals/{id}`.
///
/// `API.md` assigns the segments that are known. Any other belongs to the first service that claims it, in the order in
/// which the services are listed, so that every gateway decides alike whoever connects first.
enum PathOwnership {
    /// The service whose the segment is, or `nil` where nobody's is reserved.
    static func owner(of segment: some StringProtocol) -> String? { self.owners[String(segment)] }

    private static let segments: [(service: String, segments: [String])] = [
        (
            "identity",
            [
                "signup", "password-resets", "sessions", "me", "organization", "members", "invitations", "api-keys",
                "integration-tokens", "security-events", "sandbox",
            ]
        ),
        (
            "crm",
            [
                "client-companies", "contacts", "deals", "pipeline", "proposals", "contracts", "signature-packets",
                "custom-fields", "imports",
            ]
        ),
        (
            "delivery",
            [
                "engagements", "project-templates", "projects", "milestones", "tasks", "files", "threads", "messages",
                "appointments", "calendar.ics", "portal-accesses", "portal",
            ]
        ),
        (
            "revenue",
            [
                "invoice-schedules", "invoices", "payments", "credit-notes", "client-balances", "number-series",
                "vendors",
                "bills", "ledger-links", "period-locks", "reports", "invariants",
            ]
        ),
        (
            "timeline",
            [
                "activity", "events", "webhooks", "workflow-triggers", "workflow-runs", "parked-events",
            ]
        ),
    ]

    private static let owners: [String: String] = Dictionary(
        uniqueKeysWithValues: Self.segments.flatMap { entry in entry.segments.map { ($0, entry.service) } }
    )
}
