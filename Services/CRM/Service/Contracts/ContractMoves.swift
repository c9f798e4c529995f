internal import CRMDomain
internal import Contracts
internal import EventLog
internal import Postgres
internal import Resources
internal import Vocabulary

/// Serves the verbs of a contract.
struct ContractMoves: Sendable {
    let contracts: ResourceStore
    let commands: Commands

    func register(in router: inout Router) {
        router.serve(SendContract.self) { request, context in
            try await self.move(request.id, SendContract.declaration, context) { before, transaction in
                try self.send(request, before, context, transaction)
            }
        }
        router.serve(SignContract.self) { request, context in
            try await self.move(request.id, SignContract.declaration, context) { before, transaction in
                try self.sign(request, before, context, transaction)
            }
        }
        router.serve(CancelContract.self) { request, context in
            try await self.move(request.id, CancelContract.declaration, context) { before, transaction in
                try self.cancel(request, before, context, transaction)
            }
        }
        ContractEvidence.register(in: &router, self.contracts, self.commands.database)
        router.publishes(Resource.contractEvents)
    }

    private func move(
        _ id: Identifier,
        _ declaration: OperationDeclaration,
        _ context: CallContext,
        _ act: @escaping @Sendable (Stored, borrowing Transaction) throws -> (Stored, EventRecord)
    ) async throws -> Reply {
        let organization = try context.caller().organization
        return try await self.commands.run(declaration, context) { transaction in
            let before = try self.contracts.lock(id, for: organization, in: transaction)
            try before.require(context.ifMatch)
            let (after, event) = try act(before, transaction)
            return Outcome(after.reply(), events: [event])
        }
    }

    private func send(
        _ request: SendContract,
        _ before: Stored,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws -> (Stored, EventRecord) {
        let caller = try context.caller()
        let content = try CanonicalContent.offer(
            before,
            of: .contract,
            ContractRules.contentMembers,
            for: caller.organization,
            in: transaction
        )
        let stored = try Contract(before)
        let version = Contract.Version(
            id: stored.version.id,
            number: stored.version.number,
            contentSHA256: content.sha256
        )
        var contract = Contract(
            id: before.id,
            version: version,
            status: stored.status,
            openPacketID: stored.openPacketID,
            signedAt: stored.signedAt
        )
        let signUntil = caller.zone.date(at: context.now).adding(days: Int(request.signWithinDays))
        let expiresAt = caller.zone.startOfDay(signUntil.adding(days: 1))
        var packet = try SignaturePacket(
            id: Identifier.next(at: context.now),
            of: version,
            routing: .sequential,
            recipients: [SignatureRecipient(id: Identifier.next(at: context.now))]
        )
        _ = try contract.send(packetID: packet.id)
        _ = try packet.send(expiresAt: expiresAt, at: context.now)
        try transaction.queue(
            """
            INSERT INTO contract_version (organization_id, id, contract_id, number, content, content_sha256, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
            """,
            [
                .uuid(caller.organization), .uuid(version.id), .uuid(before.id), .int(Int64(version.number)),
                .json(content.bytes),
                .text(content.sha256), .instant(context.now),
            ]
        )
        try SignaturePackets.insert(
            packet,
            for: before.id,
            signer: request.signer,
            expiresAt: expiresAt,
            caller.organization,
            at: context.now,
            transaction
        )
        var columns = contract.columns
        columns["content_sha256"] = .text(content.sha256)
        columns["sign_until"] = .date(signUntil)
        columns["sent_at"] = .instant(context.now)
        return try self.save(columns, over: before, "sent", .sent, because: try context.cause(), in: transaction)
    }

    /// Opened, terms served, consent, signature last: the domain enforces the order, and each act leaves its evidence.
    private func sign(
        _ request: SignContract,
        _ before: Stored,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws -> (Stored, EventRecord) {
        let caller = try context.caller()
        var contract = try Contract(before)
        guard let packetID = contract.openPacketID else {
            try contract.status.require(to: .signed)
            throw Rejection.conflict("packet_not_open", "This version is not out for signature; send it first.")
        }
        var (packet, signer) = try SignaturePackets.lock(packetID, caller.organization, transaction)
        try signer.require(request.signer)
        signer = SignaturePackets.Signer(name: request.signer.name, email: request.signer.email ?? signer.email)
        guard let recipient = packet.signers.first?.id else { throw Fault(.internalError, "a packet without signers") }
        let circumstances = SignatureAct.Circumstances(
            authentication: caller.authentication,
            address: context.remoteAddress ?? "unknown",
            userAgent: context.userAgent ?? "unknown",
            at: context.now
        )
        let disclosure = SignaturePackets.disclosureVersion
        let events = [
            try packet.open(by: recipient, circumstances),
            try packet.serveTerms(to: recipient, disclosureVersion: disclosure, circumstances),
            try packet.consent(by: recipient, disclosureVersion: disclosure, circumstances),
            try packet.sign(
                by: recipient,
                contentSHA256: request.contentSHA256,
                signatureSHA256: request.signatureSHA256,
                nextExpiresAt: context.now.advanced(bySeconds: 0),
                circumstances
            ),
        ]
        _ = try contract.sign(with: packet, at: context.now)
        try SignaturePackets.update(packet, signer: signer, caller.organization, at: context.now, transaction)
        for (index, event) in events.enumerated() {
            guard let act = event.act else { continue }
            try SignaturePackets.record(
                act,
                position: index + 1,
                signer: signer,
                by: caller.actor,
                caller.organization,
                transaction
            )
        }
        var columns = contract.columns
        columns["signed_by_name"] = signer.name.map(Value.text) ?? .null
        columns["signed_by_email"] = signer.email.map(Value.text) ?? .null
        columns["closed_at"] = .instant(context.now)
        let billing = try before.row.json("billing")
        return try self.save(
            columns,
            over: before,
            "signed",
            .signed,
            extra: ["billing": billing],
            because: try context.cause(),
            in: transaction
        )
    }

    private func cancel(
        _ request: CancelContract,
        _ before: Stored,
        _ context: CallContext,
        _ transaction: borrowing Transaction
    ) throws -> (Stored, EventRecord) {
        let organization = try context.caller().organization
        var contract = try Contract(before)
        guard case .cancelled(let reason, let voided) = try contract.cancel(because: request.reason) else {
            throw Fault(.internalError, "a cancellation is a cancellation")
        }
        if let voided {
            try SignaturePackets.close(voided, organization, at: context.now, transaction) { packet throws(Rejection) in
                try packet.void(because: reason)
            }
        }
        var columns = contract.columns
        columns["cancel_reason"] = .text(reason)
        columns["closed_at"] = .instant(context.now)
        return try self.save(
            columns,
            over: before,
            "cancelled",
            .statusChanged,
            because: try context.cause(),
            in: transaction
        )
    }

    /// Saves what a rule has decided. The sweep uses it too.
    func save(
        _ columns: Values,
        over before: Stored,
        _ event: String,
        _ activity: Activity,
        extra: JSONObject = [:],
        because cause: Cause,
        in transaction: borrowing Transaction
    ) throws -> (Stored, EventRecord) {
        let after = try self.contracts.update(before, columns, for: cause.organization, at: cause.now, in: transaction)
        return (after, self.contracts.event(event, activity, after, previous: before, extra: extra, because: cause))
    }
}

extension Caller {
    /// How the evidence of a signature says that the caller was recognised.
    fileprivate var authentication: String {
        switch self.kind {
        case .member: "account"
        case .apiKey, .contact, .system, .workflow: self.kind.rawValue
        }
    }
}

extension SignaturePacketEvent {
    /// The evidence in it, where it is an act of a recipient.
    fileprivate var act: SignatureAct? {
        switch self {
        case .acted(let act), .signed(let act, _, _), .declined(let act): act
        case .sent, .resent, .recipientExpired, .expired, .voided: nil
        }
    }
}
