internal import Contracts
internal import DeliveryDomain
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A checkpoint of a project.
    static let milestone: Resource = {
        var resource = Resource(
            service: "delivery",
            name: "milestone",
            plural: "milestones",
            table: "milestone",
            fields: [
                .identifier("project_id").required().onCreate().filterable(),
                .identifier("engagement_id").readOnly().filterable(),
                .text("name", max: 200).required().example("First release"),
                .text("description", max: 20_000).nullable().redacted(.content),
                .date("due_on").nullable().filterable(),
                .money("amount_minor").nullable().described("What its completion bills."),
                .currency().nullable().readOnly().described("The engagement's."),
                .choice("status", Milestone.Status.self).readOnly().filterable(),
                .text("status_reason", max: 2_000).nullable().readOnly().redacted(.content),
                .instant("closed_at").nullable().readOnly(),
            ]
        )
        resource.references = [
            .init("project_id", to: .project, isChecked: false),
            .init("engagement_id", to: .engagement, isChecked: false),
        ]
        resource.isStory = true
        resource.actions = [.get, .list, .create, .change, .delete]
        resource.hooks.create = { values, context, transaction in
            let project = try ProjectParent.lock(
                try values.identifier("project_id"),
                for: try context.caller().organization,
                in: transaction
            )
            try project.project.requireOpen()
            values.merge(project.columns)
            values["currency"] = project.currency.map(Value.text) ?? .null
            values["status"] = .text(Milestone.Status.open.rawValue)
        }
        resource.hooks.change = { stored, changes, _, _ in
            guard changes.has("amount_minor") else { return }
            try Milestone(stored).requireOpen("Its amount is fixed.")
        }
        resource.hooks.delete = { stored, context, transaction in
            guard try Milestone(stored).status != .completed else {
                throw Rejection.conflict("milestone_completed", "A completed milestone may have been billed; it stays.")
            }
            try transaction.queue(
                """
                UPDATE task SET milestone_id = NULL, version = version + 1, updated_at = $3
                WHERE organization_id = $1 AND milestone_id = $2 AND deleted_at IS NULL
                """,
                [.uuid(try context.caller().organization), .uuid(stored.id), .instant(context.now)]
            )
        }
        resource.summary = "A checkpoint of a project. Its completion bills its amount, where it has one."
        return resource
    }()
}

extension Milestone {
    /// Restores a milestone from its row.
    init(_ stored: Stored) throws {
        self.init(
            id: stored.id,
            projectID: try stored.row.uuid("project_id"),
            amountMinor: try stored.row.intOrNil("amount_minor"),
            status: try Status(stored: try stored.row.text("status")),
            closedAt: try stored.row.instantOrNil("closed_at")
        )
    }

    /// What a move changes.
    func columns(because reason: String?) -> Values {
        Values([
            "status": .text(self.status.rawValue),
            "status_reason": reason.map(Value.text) ?? .null,
            "closed_at": self.closedAt.map(Value.instant) ?? .null,
        ])
    }
}
