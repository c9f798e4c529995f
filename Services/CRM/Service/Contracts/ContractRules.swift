internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Where a contract's rules meet its columns.
enum ContractRules {
    /// Makes a contract; what it leaves to its proposal or its deal is taken from there.
    static func creation(_ contracts: ResourceStore, _ commands: Commands) -> CreateOffer {
        CreateOffer(
            offers: contracts,
            commands: commands,
            inherit: { values, context, transaction in
                let organization = try context.caller().organization
                if let proposal = values.optionalIdentifier("proposal_id") {
                    try ContractRules.take(proposal, into: &values, organization, transaction)
                } else {
                    try Story.join(&values, organization, transaction)
                }
            },
            begin: { values, context, transaction in try ContractRules.begin(&values, context, transaction) }
        )
    }

    private static func begin(
        _ values: inout Values,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws {
        if values.optionalIdentifier("proposal_id") == nil {
            try Self.beginAlone(&values, try context.caller(), transaction)
        }
        try Self.requireConsistent(
            billing: values.optionalObject("billing"),
            currency: try values.text("currency"),
            hasTemplateID: values.optionalIdentifier("project_template_id") != nil,
            hasTemplate: values.optionalObject("project_template") != nil
        )
        values["status"] = .text(Contract.Status.draft.rawValue)
        values["current_version_id"] = .identifier(Identifier.next(at: context.now))
        values["version_number"] = .integer(1)
    }

    /// Takes what was accepted, and nothing that differs from it.
    private static func take(
        _ proposal: Identifier,
        into values: inout Values,
        _ organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws {
        for field in ["client_company_id", "deal_id", "currency", "total_minor"] where values.has(field) {
            throw Fault.invalid("/\(field)", "taken_from_proposal", "\(field) is that of the proposal.")
        }
        guard values["lines"]?.json.array?.isEmpty ?? true else {
            throw Fault.invalid("/lines", "taken_from_proposal", "The lines are those of the proposal.")
        }
        // Without a lock: an acceptance is for good. A contact that is deleted is not taken over.
        let rows = try transaction.query(
            """
            SELECT status, current_version_id, client_company_id, deal_id, currency, total_minor, lines, terms,
                correlation_id,
                (SELECT contact.id FROM contact WHERE contact.organization_id = proposal.organization_id
                    AND contact.id = proposal.contact_id AND contact.deleted_at IS NULL) AS contact_id
            FROM proposal WHERE organization_id = $1 AND id = $2 AND deleted_at IS NULL
            """,
            [.uuid(organization), .uuid(proposal)]
        )
        guard rows.count == 1 else {
            throw Fault.invalid("/proposal_id", "unknown_reference", "There is no proposal with this id.")
        }
        let row = rows[0]
        guard try row.text("status") == Proposal.Status.accepted.rawValue else {
            throw Rejection.conflict(
                "proposal_not_accepted",
                "A contract is made from an accepted proposal; this one is \(try row.text("status"))."
            )
        }
        values["proposal_version_id"] = .identifier(try row.uuid("current_version_id"))
        values["client_company_id"] = .identifier(try row.uuid("client_company_id"))
        values["deal_id"] = try row.uuidOrNil("deal_id").map(Value.identifier) ?? .null
        if !values.has("contact_id") {
            values["contact_id"] = try row.uuidOrNil("contact_id").map(Value.identifier) ?? .null
        }
        values["currency"] = .text(try row.text("currency"))
        values["total_minor"] = .integer(try row.int("total_minor"))
        values["lines"] = .list((try row.json("lines").array ?? []).map(Value.document))
        if !values.has("terms") { values["terms"] = try row.textOrNil("terms").map(Value.text) ?? .null }
        values["correlation_id"] = .identifier(try row.uuid("correlation_id"))
    }

    private static func beginAlone(
        _ values: inout Values,
        _ caller: Caller,
        _ transaction: borrowing Transaction
    ) throws {
        try Story.requireOpen(values, caller.organization, transaction)
        guard values.has("client_company_id") else {
            throw Fault.invalid("/client_company_id", "required", "A contract is made with a client company.")
        }
        if !values.has("currency") { values["currency"] = .text(caller.currency.code) }
        let priced = try LineItems.price(values["lines"]?.json.array ?? [])
        values["lines"] = .list(priced.lines.map(Value.document))
        if priced.lines.isEmpty {
            guard values.has("total_minor") else {
                throw Fault.invalid("/total_minor", "required", "A contract has lines or a total.")
            }
        } else {
            guard !values.has("total_minor") else {
                throw Fault.invalid("/total_minor", "calculated", "The total is that of the lines.")
            }
            values["total_minor"] = .integer(priced.totals.totalMinor)
        }
    }

    private static func requireConsistent(
        billing: Values?,
        currency: String,
        hasTemplateID: Bool,
        hasTemplate: Bool
    ) throws(Fault) {
        if let billing {
            guard billing.optionalText("currency") == currency else {
                throw Fault.invalid("/billing/currency", "currency_mismatch", "The contract is in \(currency).")
            }
            try BillingTerms.require(possible: billing)
        }
        guard !(hasTemplateID && hasTemplate) else {
            throw Fault.invalid(
                "/project_template",
                "ambiguous",
                "A contract names a project template or carries one, not both."
            )
        }
    }

    /// A draft is edited in place. An edit of what was sent makes a new version and voids the packet that is out. What is no
    /// content changes at any time.
    static func change(
        _ stored: Stored,
        _ changes: inout Values,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws {
        guard AdministrativeFields.isContent(changes) else { return }
        var contract = try Contract(stored)
        if let lines = changes["lines"] {
            guard try stored.row.uuidOrNil("proposal_id") == nil else {
                throw Fault.invalid("/lines", "taken_from_proposal", "The lines are those of the proposal.")
            }
            let priced = try LineItems.price(lines.json.array ?? [])
            changes["lines"] = .list(priced.lines.map(Value.document))
            if !priced.lines.isEmpty { changes["total_minor"] = .integer(priced.totals.totalMinor) }
        }
        let row = stored.row
        try Self.requireConsistent(
            billing: changes.optionalObject("billing"),
            currency: try row.text("currency"),
            hasTemplateID: changes.has("project_template_id")
                ? changes.optionalIdentifier("project_template_id") != nil : try !row.isNull("project_template_id"),
            hasTemplate: changes.has("project_template")
                ? changes.optionalObject("project_template") != nil : try !row.isNull("project_template")
        )
        // The new content gets its hash when it is sent; until then it has none.
        let event = try contract.edit(contentSHA256: "", versionID: Identifier.next(at: context.now))
        guard case .edited(_, let voided) = event, contract.status == .sent else { return }
        changes.merge(contract.columns)
        changes["content_sha256"] = .null
        changes["sign_until"] = .null
        if let voided {
            let organization = try context.caller().organization
            try SignaturePackets.close(voided, organization, at: context.now, transaction) { packet throws(Rejection) in
                try packet.void(because: "The content was changed.")
            }
        }
    }

    /// What of a contract is signed, beside its head.
    static let contentMembers = [
        "proposal_version_id", "terms", "currency", "lines", "total_minor", "starts_on", "ends_on", "billing",
        "project_template",
    ]
}

extension Contract {
    /// Restores a contract from its row.
    init(_ stored: Stored) throws {
        let row = stored.row
        self.init(
            id: stored.id,
            version: Version(
                id: try row.uuid("current_version_id"),
                number: Int(try row.int("version_number")),
                contentSHA256: try row.textOrNil("content_sha256") ?? ""
            ),
            status: try Status(stored: try row.text("status")),
            openPacketID: try row.uuidOrNil("packet_id"),
            signedAt: try row.instantOrNil("signed_at")
        )
    }

    /// What its verbs change.
    var columns: Values {
        Values([
            "status": .text(self.status.rawValue),
            "current_version_id": .identifier(self.version.id),
            "version_number": .integer(Int64(self.version.number)),
            "packet_id": self.openPacketID.map(Value.identifier) ?? .null,
            "signed_at": self.signedAt.map(Value.instant) ?? .null,
        ])
    }
}
