internal import Contracts
internal import DeliveryDomain
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// Makes the engagement of a contract when it is signed, and the project that the contract's template describes.
struct ContractConsumer: Sendable {
    let engagements: ResourceStore
    let templates: ResourceStore
    let work: ProjectWork

    static let nameMax = 300

    func register(in handlers: inout EventHandlers) {
        handlers.on("contract.signed") { event, transaction in try self.begin(event, in: transaction) }
    }

    private func begin(_ event: ReceivedEvent, in transaction: borrowing Transaction) throws -> [EventRecord] {
        // The cursor already keeps an event from being applied twice; the unique contract holds whatever happens to cursors.
        let existing = try transaction.query(
            "SELECT id FROM engagement WHERE organization_id = $1 AND contract_id = $2",
            [.uuid(event.organization), .uuid(event.record.aggregateID)]
        )
        guard existing.count == 0 else { return [] }
        let shape = try ContractedShape(event, self.templates, in: transaction)
        var values = try Self.values(of: event, in: transaction)
        if let note = shape.note { values["notes"] = .text(note) }
        let cause = event.cause
        let engagement = try self.engagements.insert(values, for: event.organization, at: event.now, in: transaction)
        let created = self.engagements.event("created", .created, engagement, because: cause)
        let activated = self.engagements.event(
            "activated",
            .statusChanged,
            engagement,
            extra: ["billing": values.optionalDocument("billing") ?? .null],
            because: cause.following(created)
        )
        guard let template = shape.template else { return [created, activated] }
        let name = try shape.name ?? engagement.row.text("name")
        let made = try self.work.begin(
            Values(["name": .text(name), "project_template_id": shape.templateID.map(Value.identifier) ?? .null]),
            within: try EngagementParent(engagement),
            from: template,
            startingOn: try engagement.row.date("starts_on"),
            because: cause.following(created),
            in: transaction
        )
        return [created, activated] + made.events
    }

    /// The engagement's columns, as the signed contract has them.
    private static func values(of event: ReceivedEvent, in transaction: borrowing Transaction) throws -> Values {
        let id = { (name: String) -> Value in event.data[name]?.identifier.map(Value.identifier) ?? .null }
        let startsOn: LocalDate
        if let agreed = event.data["starts_on"]?.string.flatMap(LocalDate.init(_:)) {
            startsOn = agreed
        } else {
            let signedAt = event.data["signed_at"]?.string.flatMap(Instant.init(_:)) ?? event.record.occurredAt
            startsOn = try LocalCopy.zone(of: event.organization, in: transaction).date(at: signedAt)
        }
        let billing = event.payload["billing"] ?? event.data["billing"]
        let version =
            event.data["contract_version_id"] ?? event.data["signed_version_id"] ?? event.data["current_version_id"]
        return Values([
            "name": .text(String((event.data["title"]?.string ?? "Engagement").prefix(Self.nameMax))),
            "status": .text(Engagement.Status.active.rawValue),
            "client_company_id": id("client_company_id"),
            "contact_id": id("contact_id"),
            "contract_id": .identifier(event.record.aggregateID),
            "contract_version_id": version?.identifier.map(Value.identifier) ?? .null,
            "deal_id": id("deal_id"),
            "proposal_id": id("proposal_id"),
            "project_template_id": id("project_template_id"),
            "currency": event.data["currency"]?.string.map(Value.text) ?? .null,
            "total_minor": event.data["total_minor"]?.int64.map(Value.integer) ?? .null,
            "starts_on": .date(startsOn),
            "billing": billing?.object.map { .document(.object($0)) } ?? .null,
            "correlation_id": .identifier(event.record.correlation),
        ])
    }
}
