internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// The hub of one signed contract: its projects, invoices, threads and files hang on it.
    static let engagement: Resource = {
        var resource = Resource(
            service: "delivery",
            name: "engagement",
            plural: "engagements",
            table: "engagement",
            fields: [
                .text("name", max: 300).example("Website relaunch"),
                .choice("status", Engagement.Status.self).readOnly().filterable(),
                .text("status_reason", max: 2_000).nullable().readOnly().redacted(.content)
                    .described("Why it was put on hold or cancelled."),
                .identifier("client_company_id").nullable().readOnly().filterable(),
                .identifier("contact_id").nullable().readOnly().filterable(),
                .identifier("contract_id").readOnly().filterable().described("The signed contract that made it."),
                .identifier("contract_version_id").nullable().readOnly(),
                .identifier("deal_id").nullable().readOnly().filterable(),
                .identifier("proposal_id").nullable().readOnly().filterable(),
                .identifier("project_template_id").nullable().readOnly().described(
                    "The template that the contract names."
                ),
                .currency().nullable().readOnly(),
                .money("total_minor").nullable().readOnly().described("What the contract is worth."),
                .date("starts_on").readOnly().filterable()
                    .described("As the contract says, or the day it was signed in the organization's time zone."),
                .document("billing").nullable().readOnly().described("The contract's billing terms."),
                .identifier("owner_id").nullable().filterable().described("The member who leads it."),
                .text("notes", max: 20_000).nullable().redacted(.content),
                .instant("closed_at").nullable().readOnly().filterable(),
            ]
        )
        resource.actions = [.get, .list, .change]
        resource.references = [.init("owner_id", toCopy: .member)]
        resource.isSoftDeleted = false
        resource.isStory = true
        resource.engagementField = "id"
        resource.summary = "The work that one signed contract began. It is made by the contract's signature."
        return resource
    }()
}

extension Engagement {
    /// Restores an engagement from its row.
    init(_ stored: Stored) throws {
        self.init(
            id: stored.id,
            status: try Status(stored: try stored.row.text("status")),
            closedAt: try stored.row.instantOrNil("closed_at")
        )
    }

    /// What a move changes.
    func columns(after moved: EngagementMoved) -> Values {
        Values([
            "status": .text(self.status.rawValue),
            "status_reason": moved.reason.map(Value.text) ?? .null,
            "closed_at": self.closedAt.map(Value.instant) ?? .null,
        ])
    }
}
