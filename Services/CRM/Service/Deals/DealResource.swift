internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// A sale in progress.
    static let deal: Resource = {
        var resource = Resource(
            service: "crm",
            name: "deal",
            plural: "deals",
            table: "deal",
            fields: [
                .text("name", max: 200).required().example("Website relaunch"),
                .identifier("client_company_id").nullable().filterable(),
                .identifier("contact_id").nullable().filterable(),
                .choice("stage", Deal.Stage.self).onCreate().filterable().defaulting(to: "lead")
                    .described(
                        "Changed by `advance`, `lose` and `reopen`. A deal that comes from elsewhere is created in its stage."
                    ),
                .money("amount_minor").nullable().filterable(),
                .currency().filterable(),
                .integer("probability", 0...100).nullable()
                    .described(
                        "Percent. By default that of the stage: 10, 20, 50, 80, 100 or 0; `null` returns to it."
                    ),
                .date("expected_close_on").nullable().filterable(),
                .choice("lost_reason", Deal.LostReason.self).nullable().onCreate().filterable(),
                .text("lost_note", max: 2_000).nullable().onCreate(),
                .instant("entered_stage_at").readOnly(),
                .integer("position", -BoardPosition.positionMax...BoardPosition.positionMax).readOnly().sortable()
                    .described("Where it stands in its stage on the board, the smallest on top. Changed by `move`."),
                .instant("closed_at").nullable().onCreate().filterable(),
                .identifier("owner_id").nullable().filterable().described("The member who sells it."),
                .text("product", max: 200).nullable().filterable(),
                .text("source", max: 100).nullable().filterable(),
                .text("notes", max: 20_000).nullable().redacted(.content),
            ]
        )
        resource.hidden = [
            .integer("probability_override", 0...100).nullable(), .text("lost_from", max: 20).nullable(),
        ]
        resource.hasCustomFields = true
        resource.customFieldRules = .crm
        resource.isStory = true
        resource.actions.insert(.batch)
        resource.references = [
            .init("client_company_id", to: .clientCompany),
            .init("contact_id", to: .contact),
            .init("owner_id", toCopy: .member),
        ]
        resource.dependents = [
            .init(.restrict, .contract, by: "deal_id"),
            .init(.cascade, .proposal, by: "deal_id"),
        ]
        resource.hooks.create = { values, context, _ in try DealRules.begin(&values, context) }
        resource.hooks.change = { stored, changes, _, _ in try DealRules.change(stored, &changes) }
        resource.summary = "A sale in progress."
        return resource
    }()
}

/// Where a deal's rules meet its columns.
enum DealRules {
    /// A new deal: in any stage, if what that stage requires is there.
    static func begin(_ values: inout Values, _ context: CallContext) throws {
        let caller = try context.caller()
        if !values.has("currency") { values["currency"] = .text(caller.currency.code) }
        let stage = Deal.Stage(rawValue: try values.text("stage")) ?? .lead
        let reason = values.optionalText("lost_reason").flatMap(Deal.LostReason.init(rawValue:))
        var deal = Deal(
            id: Identifier.next(at: context.now),
            clientCompanyID: values.optionalIdentifier("client_company_id"),
            amountMinor: values.optionalInteger("amount_minor"),
            stage: stage == .won ? .negotiation : stage == .lost ? .lead : stage,
            enteredStageAt: context.now,
            probabilityOverridePercent: values.optionalInteger("probability").map(Int.init)
        )
        let closedAt = values.optionalInstant("closed_at") ?? context.now
        switch stage {
        case .won:
            _ = try deal.advance(to: .won, at: closedAt)
        case .lost:
            guard let reason else { throw Fault.invalid("/lost_reason", "required", "A lost deal says why.") }
            _ = try deal.lose(because: reason, note: values.optionalText("lost_note"), at: closedAt)
        case .lead, .qualified, .proposal, .negotiation:
            guard reason == nil else {
                throw Fault.invalid("/lost_reason", "not_lost", "Only a lost deal has a reason.")
            }
        }
        values.merge(deal.columns)
    }

    static func change(_ stored: Stored, _ changes: inout Values) throws {
        var deal = try Deal(stored)
        if changes.has("amount_minor") || changes.has("client_company_id") {
            try deal.change(
                amountMinor: changes.has("amount_minor") ? changes.optionalInteger("amount_minor") : deal.amountMinor,
                clientCompanyID: changes.has("client_company_id")
                    ? changes.optionalIdentifier("client_company_id") : deal.clientCompanyID
            )
        }
        guard let probability = changes["probability"] else { return }
        try deal.override(probabilityPercent: changes.optionalInteger("probability").map(Int.init))
        changes["probability_override"] = probability
        changes["probability"] = .integer(Int64(deal.probabilityPercent))
    }
}

extension Deal {
    /// Restores a deal from its row.
    init(_ stored: Stored) throws {
        let row = stored.row
        self.init(
            id: stored.id,
            clientCompanyID: try row.uuidOrNil("client_company_id"),
            amountMinor: try row.intOrNil("amount_minor"),
            stage: try Stage(stored: try row.text("stage")),
            enteredStageAt: try row.instant("entered_stage_at"),
            probabilityOverridePercent: try row.intOrNil("probability_override").map(Int.init),
            lostReason: try row.textOrNil("lost_reason").flatMap(LostReason.init(rawValue:)),
            lostNote: try row.textOrNil("lost_note"),
            lostFrom: try row.textOrNil("lost_from").flatMap(Stage.init(rawValue:)),
            closedAt: try row.instantOrNil("closed_at"),
            position: try row.int("position")
        )
    }

    /// What its moves change.
    var columns: Values {
        Values([
            "stage": .text(self.stage.rawValue),
            "probability": .integer(Int64(self.probabilityPercent)),
            "probability_override": self.probabilityOverridePercent.map { .integer(Int64($0)) } ?? .null,
            "lost_reason": self.lostReason.map { .text($0.rawValue) } ?? .null,
            "lost_note": self.lostNote.map(Value.text) ?? .null,
            "lost_from": self.lostFrom.map { .text($0.rawValue) } ?? .null,
            "entered_stage_at": .instant(self.enteredStageAt),
            "position": .integer(self.position),
            "closed_at": self.closedAt.map(Value.instant) ?? .null,
        ])
    }
}
