internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// The rows of packets, recipients and acts. Packets have no operations of their own yet: a contract's verbs move them, and
/// ``ContractEvidence`` shows them.
enum SignaturePackets {
    /// The disclosure that a signer is served before consenting; its text is part of the client's view of the contract.
    static let disclosureVersion = "2026-11"

    /// Who signs, as far as it is known when the packet goes out.
    struct Signer: Sendable {
        var name: String?
        var email: String?

        /// Admits the person who signs: the one whom the contract was sent to, as far as that was said. A name counts only where no
        /// address was given: it is then all that tells one signer from another.
        func require(_ given: Signer) throws {
            if let email = self.email {
                guard let other = given.email else {
                    throw Fault.invalid(
                        "/signer_email",
                        "required",
                        "The contract was sent to an address; who signs names it."
                    )
                }
                guard email.lowercased() == other.lowercased() else { throw Self.notTheSigner }
            } else if let name = self.name, name.lowercased() != given.name?.lowercased() {
                throw Self.notTheSigner
            }
        }

        private static var notTheSigner: Rejection {
            .conflict("not_the_signer", "The contract was sent to somebody else.")
        }
    }

    static func insert(
        _ packet: SignaturePacket,
        for contract: Identifier,
        signer: Signer,
        expiresAt: Instant,
        _ organization: Identifier,
        at now: Instant,
        _ transaction: borrowing Transaction
    ) throws(SQLFault) {
        try transaction.queue(
            """
            INSERT INTO signature_packet (organization_id, id, contract_id, contract_version_id, content_sha256, routing, status,
                expires_at, created_at, updated_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
            """,
            [
                .uuid(organization), .uuid(packet.id), .uuid(contract), .uuid(packet.versionID),
                .text(packet.contentSHA256),
                .text(packet.routing.rawValue), .text(packet.status.rawValue), .instant(expiresAt), .instant(now),
            ]
        )
        for recipient in packet.recipients {
            try transaction.queue(
                """
                INSERT INTO signature_recipient (organization_id, id, packet_id, role, position, name, email, status, expires_at,
                    created_at, updated_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
                """,
                [
                    .uuid(organization), .uuid(recipient.id), .uuid(packet.id), .text(recipient.role.rawValue),
                    .int(Int64(recipient.position)), signer.name.map(SQLValue.text) ?? .null,
                    signer.email.map(SQLValue.text) ?? .null,
                    .text(recipient.status.rawValue), recipient.expiresAt.map(SQLValue.instant) ?? .null, .instant(now),
                ]
            )
        }
    }

    /// Loads and locks a packet, with its one signer as far as it was named.
    static func lock(
        _ id: Identifier,
        _ organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws -> (packet: SignaturePacket, signer: Signer) {
        let packets = try transaction.query(
            "SELECT * FROM signature_packet WHERE organization_id = $1 AND id = $2 FOR UPDATE",
            [.uuid(organization), .uuid(id)]
        )
        guard packets.count == 1 else { throw Fault.notFound("signature packet") }
        let rows = try transaction.query(
            "SELECT * FROM signature_recipient WHERE organization_id = $1 AND packet_id = $2 ORDER BY position, id FOR UPDATE",
            [.uuid(organization), .uuid(id)]
        )
        var recipients: [SignatureRecipient] = []
        var signer = Signer()
        for index in 0..<rows.count {
            let row = rows[index]
            let recipient = SignatureRecipient(
                id: try row.uuid("id"),
                role: try SignatureRecipient.Role(stored: try row.text("role")),
                position: Int(try row.int("position")),
                status: try SignatureRecipient.Status(stored: try row.text("status")),
                termsServedAt: try row.instantOrNil("terms_served_at"),
                disclosureVersion: try row.textOrNil("disclosure_version"),
                signedSHA256: try row.textOrNil("signed_sha256"),
                expiresAt: try row.instantOrNil("expires_at")
            )
            if recipient.role == .signer {
                signer = Signer(name: try row.textOrNil("name"), email: try row.textOrNil("email"))
            }
            recipients.append(recipient)
        }
        let packet = SignaturePacket(
            restoring: id,
            versionID: try packets[0].uuid("contract_version_id"),
            contentSHA256: try packets[0].text("content_sha256"),
            routing: try SignaturePacket.Routing(stored: try packets[0].text("routing")),
            status: try SignaturePacket.Status(stored: try packets[0].text("status")),
            recipients: recipients
        )
        return (packet, signer)
    }

    static func update(
        _ packet: SignaturePacket,
        signer: Signer,
        _ organization: Identifier,
        at now: Instant,
        _ transaction: borrowing Transaction
    ) throws(SQLFault) {
        try transaction.queue(
            "UPDATE signature_packet SET status = $3, updated_at = $4, version = version + 1 WHERE organization_id = $1 AND id = $2",
            [.uuid(organization), .uuid(packet.id), .text(packet.status.rawValue), .instant(now)]
        )
        for recipient in packet.recipients {
            let isSigner = recipient.role == .signer
            try transaction.queue(
                """
                UPDATE signature_recipient SET status = $3, terms_served_at = $4, disclosure_version = $5, signed_sha256 = $6,
                    name = coalesce($7, name), email = coalesce($8, email), updated_at = $9, version = version + 1
                WHERE organization_id = $1 AND id = $2
                """,
                [
                    .uuid(organization), .uuid(recipient.id), .text(recipient.status.rawValue),
                    recipient.termsServedAt.map(SQLValue.instant) ?? .null,
                    recipient.disclosureVersion.map(SQLValue.text) ?? .null,
                    recipient.signedSHA256.map(SQLValue.text) ?? .null,
                    (isSigner ? signer.name : nil).map(SQLValue.text) ?? .null,
                    (isSigner ? signer.email : nil).map(SQLValue.text) ?? .null, .instant(now),
                ]
            )
        }
    }

    /// Ends a packet that nobody signs any more: voided with its contract's content, expired with time.
    static func close(
        _ id: Identifier,
        _ organization: Identifier,
        at now: Instant,
        _ transaction: borrowing Transaction,
        _ move: (inout SignaturePacket) throws(Rejection) -> SignaturePacketEvent
    ) throws {
        var (packet, signer) = try self.lock(id, organization, transaction)
        _ = try move(&packet)
        try self.update(packet, signer: signer, organization, at: now, transaction)
    }

    /// Records an act. `position` is its place in the order of the packet's acts.
    static func record(
        _ act: SignatureAct,
        position: Int,
        signer: Signer,
        by actor: Actor,
        _ organization: Identifier,
        _ transaction: borrowing Transaction
    ) throws(SQLFault) {
        let circumstances = act.circumstances
        try transaction.queue(
            """
            INSERT INTO signature_act (organization_id, id, packet_id, recipient_id, position, kind, contract_version_id, content_sha256,
                disclosure_version, signature_sha256, signer_name, signer_email, reason, authentication, remote_address, user_agent,
                actor_kind, actor_id, occurred_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
            """,
            [
                .uuid(organization), .uuid(Identifier.next(at: circumstances.at)), .uuid(act.packetID),
                .uuid(act.recipientID),
                .int(Int64(position)), .text(act.kind.rawValue), .uuid(act.versionID), .text(act.contentSHA256),
                act.disclosureVersion.map(SQLValue.text) ?? .null, act.signatureSHA256.map(SQLValue.text) ?? .null,
                signer.name.map(SQLValue.text) ?? .null, signer.email.map(SQLValue.text) ?? .null,
                act.reason.map(SQLValue.text) ?? .null, .text(circumstances.authentication),
                .text(circumstances.address),
                .text(circumstances.userAgent), .text(actor.kind.rawValue), .uuid(actor.id), .instant(circumstances.at),
            ]
        )
    }
}
