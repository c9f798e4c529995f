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
                .money("amount_minor").nullable().described(
                    "What its completion bills, tax included, where the contract bills by milestones."
                ),
                .decimal("percent", places: 4).nullable().example("30").described(
                    "Percent of the engagement's total, instead of an amount: `amount_minor` follows from it."
                ),
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
        resource.engagementField = "engagement_id"
        resource.actions = [.get, .list, .create, .change, .delete, .restore]
        resource.hooks.create = { values, context, transaction in
            let project = try ProjectParent.lock(
                try values.identifier("project_id"),
                for: try context.caller().organization,
                in: transaction
            )
            try project.surroundings.require(.plan)
            values.merge(project.columns)
            values["currency"] = project.currency.map(Value.text) ?? .null
            values["status"] = .text(Milestone.Status.open.rawValue)
            try MilestoneRules.price(&values, of: project.totalMinor)
        }
        resource.hooks.hold = Surroundings.planning(["due_on", "amount_minor", "percent"], of: resource)
        resource.hooks.change = { stored, changes, context, transaction in
            guard changes.has("amount_minor") || changes.has("percent") else { return }
            try Milestone(stored).requireOpen("Its amount is fixed.")
            let total = try MilestoneRules.total(around: stored, try context.caller().organization, transaction)
            try MilestoneRules.price(&changes, of: total)
        }
        resource.hooks.keep = { stored in
            guard try Milestone(stored).status != .completed else {
                throw Rejection.conflict("milestone_completed", "A completed milestone may have been billed; it stays.")
            }
        }
        resource.dependents = [.init(.release, .task, by: "milestone_id")]
        resource.hooks.restore = { stored, context, transaction in
            guard try Milestone(stored).status == .open else { return }
            try Surroundings.requireRoom(for: stored, of: .milestone, context, in: transaction)
        }
        resource.summary = "A checkpoint of a project. Its completion bills its amount, where it has one."
        return resource
    }()
}

/// Where what a milestone bills meets its columns.
enum MilestoneRules {
    /// Sets the amount that follows from a percentage; an amount by itself replaces a percentage.
    static func price(_ values: inout Values, of totalMinor: Int64?) throws {
        guard let share = try Rate(percent: values.optionalText("percent"), at: "/percent") else {
            // An amount, or nothing, takes the place of a percentage; without its percentage the amount that followed goes too.
            if values.has("amount_minor") {
                values["percent"] = .null
            } else if values.has("percent") {
                values["amount_minor"] = .null
            }
            return
        }
        guard values.optionalInteger("amount_minor") == nil else {
            throw Fault.invalid("/percent", "ambiguous", "A milestone bills an amount or a percentage, not both.")
        }
        guard let totalMinor else {
            throw Fault.invalid("/percent", "no_total", "The engagement has no total of which this could be a part.")
        }
        let amounts = try MilestoneShares.amounts([share], of: totalMinor, at: "/percent")
        values["amount_minor"] = amounts[0].map(Value.integer) ?? .null
    }

    /// What the milestone's engagement comes to.
    static func total(
        around stored: Stored,
        _ organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws -> Int64? {
        try transaction.query(
            "SELECT total_minor FROM engagement WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(try stored.row.uuid("engagement_id"))]
        ).first?.intOrNil("total_minor")
    }
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
