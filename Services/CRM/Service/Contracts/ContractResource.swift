internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// An agreement to be signed.
    static let contract: Resource = {
        var resource = Resource(
            service: "crm",
            name: "contract",
            plural: "contracts",
            table: "contract",
            fields: [
                .text("title", max: 200).required().filterable().sortable().example("Website relaunch"),
                .identifier("proposal_id").nullable().onCreate().filterable()
                    .described("An accepted proposal, from which client, lines, terms and total are taken."),
                .identifier("client_company_id").onCreate().filterable().described(
                    "By default that of the proposal or the deal."
                ),
                .identifier("contact_id").nullable().filterable(),
                .identifier("deal_id").nullable().onCreate().filterable(),
                .identifier("proposal_version_id").nullable().readOnly(),
                .choice("status", Contract.Status.self).readOnly().filterable(),
                .identifier("current_version_id").readOnly(),
                .integer("version_number", 1...Int64(Int32.max)).readOnly(),
                .text("terms", max: 50_000).nullable(),
                .currency().filterable().onCreate(),
                .list("lines", of: LineItems.fields, countMax: LineItems.countMax).defaulting(to: [])
                    .described("Only of a contract that comes from no proposal."),
                .money("total_minor").filterable().sortable().onCreate()
                    .described("By default the total of the lines; given by itself only where there are none."),
                .date("starts_on").nullable().filterable(),
                .date("ends_on").nullable(),
                .object("billing", BillingTerms.fields).nullable().described(
                    "How the work is billed once the contract is signed."
                ),
                .identifier("project_template_id").nullable().described(
                    "A project template of delivery, from which the project is made."
                ),
                .object("project_template", ProjectTemplateFields.fields).nullable().described(
                    "A template of the contract's own, instead."
                ),
                .text("content_sha256", max: 64, .sha256).nullable().readOnly().described(
                    "What a signer signs; `null` until it is sent."
                ),
                .date("sign_until").nullable().readOnly().described(
                    "The last day to sign, in the organization's zone."
                ),
                .instant("sent_at").nullable().readOnly(),
                .instant("signed_at").nullable().readOnly().filterable(),
                .text("signed_by_name", max: 200).nullable().readOnly().redacted(.name),
                .text("signed_by_email", max: 254).nullable().readOnly().redacted(.email),
                .instant("closed_at").nullable().readOnly(),
                .text("cancel_reason", max: 2_000).nullable().readOnly(),
                .identifier("owner_id").nullable().filterable(),
            ]
        )
        resource.hidden = [.identifier("packet_id").nullable()]
        resource.isStory = true
        resource.isSoftDeleted = false
        // `CreateOffer` makes one.
        resource.actions = [.get, .list, .change]
        resource.references = [
            .init("client_company_id", to: .clientCompany),
            .init("contact_id", to: .contact),
            .init("deal_id", to: .deal),
            .init("proposal_id", to: .proposal),
            .init("project_template_id", toCopy: References.projectTemplate),
            .init("owner_id", toCopy: .member),
        ]
        resource.hooks.change = { stored, changes, context, transaction in
            try ContractRules.change(stored, &changes, context, transaction)
        }
        resource.summary = "A contract, from an accepted proposal (`proposal_id`) or by itself (`client_company_id`)."
        return resource
    }()

    /// One state of a contract's content, under the hash that is signed.
    static let contractVersion: Resource = {
        var resource = Resource(
            service: "crm",
            name: "contract_version",
            plural: "contract-versions",
            table: "contract_version",
            fields: [
                .identifier("contract_id").readOnly(),
                .integer("number", 1...Int64(Int32.max)).readOnly().sortable(),
                .document("content").readOnly().described("Exactly the bytes under the hash."),
                .text("content_sha256", max: 64, .sha256).readOnly(),
            ]
        )
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = []
        return resource
    }()
}

/// A project's shape as a contract carries it to delivery: dates are days after the start.
enum ProjectTemplateFields {
    static let offsetDaysMax: Int64 = 3_650

    static let fields: [Field] = [
        .text("name", max: 200).required(),
        .list(
            "milestones",
            of: [
                .text("key", max: 64).required(),
                .text("name", max: 200).required(),
                .integer("offset_days", 0...offsetDaysMax).required(),
                .money("amount_minor").nullable().described("What its completion bills, tax included."),
                .decimal("percent", places: 4).nullable().described(
                    "Percent of the contract's total that its completion bills, instead of an amount."
                ),
            ],
            countMax: 100
        ).defaulting(to: []),
        .list(
            "tasks",
            of: [
                .text("key", max: 64).required(),
                .text("name", max: 200).required(),
                .text("milestone_key", max: 64).nullable(),
                .integer("start_offset_days", 0...offsetDaysMax).defaulting(to: 0),
                .integer("due_offset_days", 0...offsetDaysMax).required(),
                .choice("priority", ["low", "medium", "high", "urgent"]).defaulting(to: "medium"),
                .list("depends_on", of: .text(TextRule(lengthMax: 64)), countMax: 50).defaulting(to: []),
            ],
            countMax: 350
        ).defaulting(to: []),
    ]
}
