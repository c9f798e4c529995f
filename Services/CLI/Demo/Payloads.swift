internal import Contracts
internal import Vocabulary

/// The bodies of the story, in one place: what a client sends for each act, and no more than it needs to.
enum Payload {
    static func company(_ name: String, externalID: String? = nil) -> JSON {
        var body: JSONObject = ["name": .string(name)]
        body["external_id"] = externalID.map { .string($0) }
        return .object(body)
    }

    /// The last word of the name is the last name.
    static func contact(_ name: String, email: String, of company: String) -> JSON {
        let words = name.split(separator: " ")
        return [
            "client_company_id": .string(company), "first_name": .string(words.dropLast().joined(separator: " ")),
            "last_name": .string(words.last.map { String($0) } ?? name), "email": .string(email),
        ]
    }

    static func deal(_ name: String, company: String, contact: String, amount: Int64) -> JSON {
        [
            "name": .string(name), "client_company_id": .string(company), "contact_id": .string(contact),
            "amount_minor": .int(amount), "currency": "USD",
        ]
    }

    /// One line of a proposal or an invoice; quantities and rates are decimal texts.
    struct Line: Sendable {
        var description: String
        var quantity: String
        var unitPrice: Int64
        var taxRate: String = "0.19"

        var json: JSON {
            [
                "description": .string(self.description), "quantity": .string(self.quantity),
                "unit_price_minor": .int(self.unitPrice), "tax_rate": .string(self.taxRate),
            ]
        }
    }

    static func proposal(
        _ title: String,
        deal: String,
        company: String,
        contact: String,
        validUntil: LocalDate,
        lines: [Line]
    ) -> JSON {
        [
            "title": .string(title), "deal_id": .string(deal), "client_company_id": .string(company),
            "contact_id": .string(contact), "currency": "USD", "valid_until": .date(validUntil),
            "lines": .array(lines.map(\.json)),
        ]
    }

    /// What the accepting client names: the version, and the hash of exactly what was read.
    static func acceptance(of proposal: JSON) throws(CLIFailure) -> JSON {
        [
            "version_id": .string(try proposal.text("current_version_id", of: "the proposal")),
            "content_sha256": .string(try proposal.text("content_sha256", of: "the proposal")),
        ]
    }

    /// A monthly retainer that begins today, so that the first invoice is due at once.
    static func contract(
        _ title: String,
        proposal: String,
        template: String,
        start: LocalDate,
        monthly: Int64,
        isOnce: Bool = false
    ) -> JSON {
        [
            "proposal_id": .string(proposal), "title": .string(title), "project_template_id": .string(template),
            "starts_on": .date(start),
            "billing": [
                "kind": isOnce ? "one_time" : "recurring", "interval_unit": "month", "interval_count": 1,
                "anchor_date": .date(start),
                "day_rule": "same_day", "end": ["kind": "after_n", "count": isOnce ? 1 : 12], "payment_terms_days": 14,
                "auto": "draft", "currency": "USD",
                "lines": .array([Line(description: "Retainer", quantity: "1", unitPrice: monthly).json]),
            ],
        ]
    }

    static func signer(name: String, email: String, withinDays days: Int64? = nil) -> JSON {
        var body: JSONObject = ["signer_name": .string(name), "signer_email": .string(email)]
        body["sign_within_days"] = days.map { .int($0) }
        return .object(body)
    }

    /// What the signer signs is named by its hash, as the sent contract shows it.
    static func signature(of contract: JSON, name: String, email: String) throws(CLIFailure) -> JSON {
        [
            "signer_name": .string(name), "signer_email": .string(email), "consent": true,
            "signature_text": .string(name),
            "content_sha256": .string(try contract.text("content_sha256", of: "the contract")),
        ]
    }

    /// Three tasks below two milestones, each waiting for the one before it.
    static func template(_ name: String) -> JSON {
        [
            "name": .string(name),
            "milestones_template": [
                ["key": "kickoff", "name": "Kick-off", "offset_days": 2],
                ["key": "release", "name": "First release", "offset_days": 30],
            ],
            "tasks_template": [
                Payload.task("goals", "Agree on goals", milestone: "kickoff", from: 0, to: 2),
                Payload.task("build", "Build", milestone: "release", from: 3, to: 25, after: ["goals"]),
                Payload.task("handover", "Hand over", milestone: "release", from: 26, to: 30, after: ["build"]),
            ],
        ]
    }

    private static func task(
        _ key: String,
        _ name: String,
        milestone: String,
        from start: Int64,
        to due: Int64,
        after dependencies: [String] = []
    ) -> JSON {
        [
            "key": .string(key), "name": .string(name), "milestone_key": .string(milestone),
            "start_offset_days": .int(start), "due_offset_days": .int(due),
            "depends_on": .array(dependencies.map { .string($0) }),
        ]
    }

    static func invoice(engagement: String, issued: LocalDate, due: LocalDate, lines: [Line]) -> JSON {
        [
            "engagement_id": .string(engagement), "currency": "USD", "issue_on": .date(issued), "due_on": .date(due),
            "lines": .array(lines.map(\.json)),
        ]
    }

    static func reason(_ text: String) -> JSON {
        ["reason": .string(text)]
    }

    static func payment(
        _ amount: Int64,
        company: String,
        invoice: String?,
        reference: String,
        on day: LocalDate
    ) -> JSON {
        var allocations: [JSON] = []
        if let invoice {
            allocations.append(["invoice_id": .string(invoice), "amount_minor": .int(amount)])
        }
        return [
            "client_company_id": .string(company), "amount_minor": .int(amount), "currency": "USD",
            "received_on": .date(day), "method": "bank_transfer", "external_reference": .string(reference),
            "allocations": .array(allocations),
        ]
    }
}
