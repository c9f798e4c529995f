internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

extension Resource {
    /// An offer to a client.
    static let proposal: Resource = {
        var resource = Resource(
            service: "crm",
            name: "proposal",
            plural: "proposals",
            table: "proposal",
            fields: [
                .text("title", max: 200).required().filterable().sortable().example("Website relaunch"),
                .identifier("client_company_id").onCreate().filterable().described("By default that of the deal."),
                .identifier("contact_id").nullable().filterable(),
                .identifier("deal_id").nullable().onCreate().filterable(),
                .choice("status", Proposal.Status.self).readOnly().filterable(),
                .identifier("current_version_id").readOnly().described(
                    "The version in play, which an acceptance names."
                ),
                .integer("version_number", 1...Int64(Int32.max)).readOnly(),
                .text("introduction", max: 20_000).nullable(),
                .text("terms", max: 50_000).nullable(),
                .currency().filterable().described("By default the organization's."),
                .list("lines", of: LineItems.fields, countMax: LineItems.countMax).required(),
                .decimal("discount_percent", places: 4).nullable().described("Percent off all lines."),
                .money("discount_amount_minor").nullable().described(
                    "An amount off all lines, instead of a percentage."
                ),
                .boolean("prices_include_tax").defaulting(to: false),
                .money("subtotal_minor").readOnly(),
                .money("discount_minor").readOnly(),
                .money("net_minor").readOnly(),
                .money("tax_minor").readOnly(),
                .money("total_minor").readOnly().filterable().sortable(),
                .date("valid_until").nullable().filterable().described(
                    "The last day on which it can be accepted, in the organization's zone."
                ),
                .text("content_sha256", max: 64, .sha256).nullable().readOnly()
                    .described("SHA-256 of the version's content; `null` while it is a draft."),
                .instant("sent_at").nullable().readOnly(),
                .instant("viewed_at").nullable().readOnly(),
                .instant("closed_at").nullable().readOnly().filterable(),
                .text("decision_note", max: 2_000).nullable().readOnly().described(
                    "Why it was rejected, or how it was accepted offline."
                ),
                .identifier("owner_id").nullable().filterable(),
            ]
        )
        resource.isStory = true
        // `CreateOffer` makes one.
        resource.actions = [.get, .list, .change, .delete, .restore]
        resource.references = [
            .init("client_company_id", to: .clientCompany),
            .init("contact_id", to: .contact),
            .init("deal_id", to: .deal),
            .init("owner_id", toCopy: .member),
        ]
        resource.dependents = [.init(.restrict, .contract, by: "proposal_id")]
        resource.hooks.change = { stored, changes, _, _ in try ProposalRules.change(stored, &changes) }
        resource.hooks.keep = { try Proposal($0).requireEditable() }
        resource.summary =
            "An offer to a client, with lines that are priced by the money rules. It begins as the draft of version 1."
        return resource
    }()

    /// One version of a proposal, with the content under its hash.
    static let proposalVersion: Resource = {
        var resource = Resource(
            service: "crm",
            name: "proposal_version",
            plural: "proposal-versions",
            table: "proposal_version",
            fields: [
                .identifier("proposal_id").readOnly(),
                .integer("number", 1...Int64(Int32.max)).readOnly().sortable(),
                .choice("state", ProposalVersion.State.self).readOnly().filterable(),
                .document("content").nullable().readOnly().described(
                    "Exactly the bytes under the hash; `null` while it is a draft."
                ),
                .text("content_sha256", max: 64, .sha256).nullable().readOnly(),
                .date("valid_until").nullable().readOnly(),
            ]
        )
        resource.hasExternalID = false
        resource.isSoftDeleted = false
        resource.actions = []
        return resource
    }()
}

/// Where a proposal's rules meet its columns.
enum ProposalRules {
    /// Makes a proposal; what it leaves to its deal is taken from there.
    static func creation(_ proposals: ResourceStore, _ commands: Commands) -> CreateOffer {
        CreateOffer(
            offers: proposals,
            commands: commands,
            inherit: { values, context, transaction in
                try Story.join(&values, context.caller().organization, transaction)
            },
            begin: { values, context, transaction in try ProposalRules.begin(&values, context, transaction) }
        )
    }

    private static func begin(
        _ values: inout Values,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws {
        let caller = try context.caller()
        let id = Identifier.next(at: context.now)
        let versionID = Identifier.next(at: context.now)
        values["id"] = .identifier(id)
        try Story.requireOpen(values, caller.organization, transaction)
        guard values.has("client_company_id") else {
            throw Fault.invalid("/client_company_id", "required", "A proposal is made to a client company.")
        }
        if !values.has("currency") { values["currency"] = .text(caller.currency.code) }
        values["status"] = .text(Proposal.Status.draft.rawValue)
        values["current_version_id"] = .identifier(versionID)
        values["version_number"] = .integer(1)
        try Self.price(&values)
        try Self.insert(ProposalVersion(id: versionID), of: id, caller.organization, at: context.now, transaction)
    }

    static func insert(
        _ version: ProposalVersion,
        of proposal: Identifier,
        _ organization: Identifier,
        at now: Instant,
        _ transaction: borrowing Transaction
    ) throws(SQLFault) {
        try transaction.queue(
            """
            INSERT INTO proposal_version (organization_id, id, proposal_id, number, state, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $6)
            """,
            [
                .uuid(organization), .uuid(version.id), .uuid(proposal), .int(Int64(version.number)),
                .text(version.state.rawValue),
                .instant(now),
            ]
        )
    }

    /// A draft is edited in place; its figures follow from its lines. What is no content changes at any time.
    static func change(_ stored: Stored, _ changes: inout Values) throws {
        guard AdministrativeFields.isContent(changes) else { return }
        try Proposal(stored).requireEditable()
        let row = stored.row
        guard ["lines", "discount_percent", "discount_amount_minor", "prices_include_tax"].contains(where: changes.has)
        else { return }
        var whole = changes
        if !whole.has("lines") { whole["lines"] = .list((try row.json("lines").array ?? []).map(Value.document)) }
        if !whole.has("discount_percent") {
            whole["discount_percent"] = try row.textOrNil("discount_percent").map(Value.decimal)
        }
        if !whole.has("discount_amount_minor") {
            whole["discount_amount_minor"] = try row.intOrNil("discount_amount_minor").map(Value.integer)
        }
        if !whole.has("prices_include_tax") {
            whole["prices_include_tax"] = .boolean(try row.bool("prices_include_tax"))
        }
        try Self.price(&whole)
        changes.merge(whole)
    }

    private static func price(_ values: inout Values) throws {
        let priced = try LineItems.price(
            values["lines"]?.json.array ?? [],
            discountPercent: values.optionalText("discount_percent"),
            discountMinor: values.optionalInteger("discount_amount_minor"),
            pricesIncludeTax: values.optionalBoolean("prices_include_tax") ?? false
        )
        guard !priced.lines.isEmpty else {
            throw Fault.invalid("/lines", "required", "A proposal has at least one line.")
        }
        values["lines"] = .list(priced.lines.map(Value.document))
        values["subtotal_minor"] = .integer(priced.totals.subtotalMinor)
        values["discount_minor"] = .integer(priced.totals.discountMinor)
        values["net_minor"] = .integer(priced.totals.netMinor)
        values["tax_minor"] = .integer(priced.totals.taxMinor)
        values["total_minor"] = .integer(priced.totals.totalMinor)
    }

    /// What of a proposal the client agrees to, beside its head.
    static let contentMembers = [
        "introduction", "terms", "currency", "lines", "discount_percent", "discount_amount_minor", "prices_include_tax",
        "subtotal_minor", "discount_minor", "net_minor", "tax_minor", "total_minor", "valid_until",
    ]
}

extension Proposal {
    /// Restores a proposal from its row. The state of its newest version follows from its status.
    init(_ stored: Stored) throws {
        let row = stored.row
        let status = try Status(stored: try row.text("status"))
        let state: ProposalVersion.State =
            switch status {
            case .draft: .draft
            case .sent, .viewed: .open
            case .accepted: .accepted
            case .rejected: .rejected
            case .expired: .expired
            }
        self.init(
            id: stored.id,
            current: ProposalVersion(
                id: try row.uuid("current_version_id"),
                number: Int(try row.int("version_number")),
                state: state,
                contentSHA256: try row.textOrNil("content_sha256"),
                validUntil: try row.dateOrNil("valid_until")
            ),
            status: status,
            sentAt: try row.instantOrNil("sent_at"),
            viewedAt: try row.instantOrNil("viewed_at"),
            closedAt: try row.instantOrNil("closed_at")
        )
    }

    /// What its verbs change.
    var columns: Values {
        Values([
            "status": .text(self.status.rawValue),
            "current_version_id": .identifier(self.current.id),
            "version_number": .integer(Int64(self.current.number)),
            "content_sha256": self.current.contentSHA256.map(Value.text) ?? .null,
            "valid_until": self.current.validUntil.map(Value.date) ?? .null,
            "sent_at": self.sentAt.map(Value.instant) ?? .null,
            "viewed_at": self.viewedAt.map(Value.instant) ?? .null,
            "closed_at": self.closedAt.map(Value.instant) ?? .null,
        ])
    }
}
