internal import Contracts
internal import Resources
internal import Vocabulary

/// Sends a contract out for signature.
struct SendContract: Operation {
    /// The days to sign, unless the caller says otherwise, and at most.
    static let signWithinDaysDefault: Int64 = 30
    static let signWithinDaysMax: Int64 = 365

    static let declaration = OperationDeclaration(
        "crm.contract.send",
        .post("/v1/contracts/{id}/send"),
        access: .write("crm"),
        "Send a contract out for signature."
    )
    .described(
        "Freezes the content, with the client's name and address, under its SHA-256, and opens a packet for one signer."
    )
    .body([
        .text("signer_name", max: 200).nullable().redacted(.name),
        .email("signer_email").nullable(),
        .integer("sign_within_days", 0...signWithinDaysMax).defaulting(to: .int(signWithinDaysDefault))
            .described("0 is until the end of today, in the organization's zone."),
    ])
    .answers(.object("Contract", Resource.contract.visible))
    .idempotent(.required)
    .faults(.notFound, .invalidTransition, .conflict, .stale, .validationFailed)
    .emits("contract.sent")

    let id: Identifier
    let signer: SignaturePackets.Signer
    let signWithinDays: Int64

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.signer = SignaturePackets.Signer(
            name: input.optionalText("signer_name"),
            email: input.optionalText("signer_email")
        )
        self.signWithinDays = try input.integer("sign_within_days")
    }
}

/// Signs a contract, at the desk of a member who acts for the signer.
struct SignContract: Operation {
    static let declaration = OperationDeclaration(
        "crm.contract.sign",
        .post("/v1/contracts/{id}/sign"),
        access: .write("crm"),
        "Sign a contract."
    )
    .described(
        "Records that the document was opened, the terms were served, consent was given and, last, the signature under the hash of the "
            + "content. The signature itself is not kept, only its hash."
    )
    .body([
        .text("signer_name", max: 200).required().redacted(.name),
        .email("signer_email").nullable(),
        .text("content_sha256", max: 64, min: 64, .sha256).required(),
        .boolean("consent").required().described("To sign electronically, under the disclosure that was served."),
        .text("signature_text", max: 500).required().redacted(.signature).described("As the signer typed it."),
    ])
    .answers(.object("Contract", Resource.contract.visible))
    .idempotent(.required)
    .faults(.notFound, .invalidTransition, .conflict, .gone, .stale, .validationFailed)
    .emits("contract.signed")

    let id: Identifier
    let signer: SignaturePackets.Signer
    let contentSHA256: String
    let signatureSHA256: String

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.signer = SignaturePackets.Signer(
            name: try input.text("signer_name"),
            email: input.optionalText("signer_email")
        )
        self.contentSHA256 = try input.text("content_sha256")
        guard try input.boolean("consent") else {
            throw Fault.invalid("/consent", "required", "Nobody signs without consent.")
        }
        self.signatureSHA256 = CanonicalContent.sha256(Array(try input.text("signature_text").utf8))
    }
}

/// Takes a contract back.
struct CancelContract: Operation {
    static let declaration = OperationDeclaration(
        "crm.contract.cancel",
        .post("/v1/contracts/{id}/cancel"),
        access: .write("crm"),
        "Cancel a contract."
    )
    .described("A draft, or one that is out for signature; its packet is voided. What is signed stays signed.")
    .body([.text("reason", max: 2_000).required()])
    .answers(.object("Contract", Resource.contract.visible))
    .idempotent(.optional)
    .faults(.notFound, .invalidTransition, .stale, .validationFailed)
    .emits("contract.cancelled")

    let id: Identifier
    let reason: String

    init(_ input: Values) throws(Fault) {
        self.id = try input.identifier("id")
        self.reason = try input.text("reason")
    }
}

extension Resource {
    static let contractEvents: [EventDeclaration] = {
        let data: [Field] = [.object("data", Resource.contract.told), .document("previous")]
        return [
            EventDeclaration("contract.sent", .sent, "A contract went out for signature.", fields: data),
            EventDeclaration(
                "contract.signed",
                .signed,
                "A contract was signed by everybody who had to.",
                fields: data + [.object("billing", BillingTerms.fields).nullable()]
            ),
            EventDeclaration("contract.cancelled", .statusChanged, "A contract was taken back.", fields: data),
            EventDeclaration("contract.expired", .statusChanged, "The time to sign a contract is over.", fields: data),
        ]
    }()
}
