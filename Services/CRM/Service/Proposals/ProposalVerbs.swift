internal import Contracts
internal import Resources
internal import Vocabulary

/// The declarations of a proposal's verbs. All but their bodies are alike.
enum ProposalVerb: String, CaseIterable, Sendable {
    case send, view, accept
    case acceptOffline = "accept-offline"
    case reject, revise

    var declaration: OperationDeclaration {
        let base = OperationDeclaration(
            "crm.proposal.\(self.rawValue.split(separator: "-").joined(separator: "_"))",
            .post("/v1/proposals/{id}/\(self.rawValue)"),
            access: .write("crm"),
            self.summary
        )
        .described(self.details)
        .body(self.body)
        .answers(.object("Proposal", Resource.proposal.visible))
        .faults(.notFound, .invalidTransition, .conflict, .stale, .validationFailed)
        .emits(self == .accept ? ["proposal.viewed", "proposal.accepted"] : ["proposal.\(self.event)"])
        switch self {
        case .send, .accept, .acceptOffline: return base.idempotent(.required)
        case .view, .reject, .revise: return base.idempotent(.optional)
        }
    }

    private var summary: String {
        switch self {
        case .send: "Send a proposal to the client."
        case .view: "Record that the client has opened a proposal."
        case .accept: "Accept a proposal."
        case .acceptOffline: "Record an acceptance given by other means."
        case .reject: "Reject a proposal."
        case .revise: "Supersede a proposal's version by a new draft."
        }
    }

    private var details: String {
        switch self {
        case .send: "Freezes the version's content, with the client's name and address, under its SHA-256."
        case .view: "What was sent becomes viewed; only the first time counts."
        case .accept:
            "Names the version and the hash of the content that was read; another than the one in play is a conflict. "
                + "Possible until the end of `valid_until` in the organization's zone. What nobody recorded as viewed is viewed "
                + "by being accepted."
        case .acceptOffline: "By telephone or purchase order; the note says how. There is no deadline."
        case .reject: "Ends the version in play."
        case .revise: "Makes version n+1, a draft with the same content, and ends version n."
        }
    }

    private var body: [Field] {
        let acceptance: [Field] = [
            .identifier("version_id").required(),
            .text("content_sha256", max: 64, min: 64, .sha256).required(),
        ]
        switch self {
        case .send, .view, .revise: return []
        case .accept: return acceptance
        case .acceptOffline: return acceptance + [.text("note", max: 2_000).required()]
        case .reject: return [.text("reason", max: 2_000).required()]
        }
    }

    /// The past participle in the event's type.
    var event: String {
        switch self {
        case .send: "sent"
        case .view: "viewed"
        case .accept, .acceptOffline: "accepted"
        case .reject: "rejected"
        case .revise: "revised"
        }
    }

    static let events: [EventDeclaration] = [
        EventDeclaration("proposal.sent", .sent, "A proposal was sent to the client.", fields: data),
        EventDeclaration("proposal.viewed", .viewed, "The client opened a proposal.", fields: data),
        EventDeclaration("proposal.accepted", .approved, "A proposal was accepted.", fields: data),
        EventDeclaration("proposal.rejected", .rejected, "A proposal was rejected.", fields: data),
        EventDeclaration("proposal.expired", .statusChanged, "The time to accept a proposal is over.", fields: data),
        EventDeclaration(
            "proposal.revised",
            .updated,
            "A proposal's version was superseded by a new draft.",
            fields: data
        ),
    ]
    private static let data: [Field] = [.object("data", Resource.proposal.told), .document("previous")]
}
