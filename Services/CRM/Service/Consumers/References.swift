internal import EventLog
internal import Resources

/// The rows of other services of which crm keeps copies. From an organization's zone the sweeps know where midnight is.
enum References {
    /// What the project of a contract can be made from.
    static let projectTemplate = LocalCopy(
        of: "project_template",
        from: "delivery",
        kept: ["created", "updated", "restored"],
        ended: ["deleted"],
        columns: [.text("name")]
    )

    static func follow(_ handlers: inout EventHandlers) {
        let copies = [LocalCopy.organization(and: [.clockAhead]), .member, Self.projectTemplate]
        for copy in copies { copy.follow(&handlers) }
    }
}
