internal import CRMDomain
internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Shows what is recorded of a contract's signing, so that it can be proved to somebody who was not there.
struct ContractEvidence: Operation {
    /// Each time that a contract goes out makes a packet; older ones than these are not shown.
    static let packetsMax = 50
    /// What every recipient of a packet can do to it, once each.
    static let actsMax = SignaturePacket.recipientsMax * SignatureAct.Kind.allCases.count

    static let declaration = OperationDeclaration(
        "crm.contract.evidence",
        .get("/v1/contracts/{id}/evidence"),
        access: .read("crm"),
        "The recorded evidence of a contract's signatures."
    )
    .described(
        "A packet for each time that the contract went out, the newest first, with its recipients and each act in the order it was done. "
            + "The content under a hash is that of the version with `contract_version_id`."
    )
    .answers(
        .object("ContractEvidence", [.identifier("contract_id"), .list("data", of: packet, countMax: packetsMax)])
    )
    .faults(.notFound)

    private static let packet: [Field] = [
        .identifier("id"), .identifier("contract_version_id"), .text("content_sha256", max: 64, .sha256),
        .choice("routing", SignaturePacket.Routing.self), .choice("status", SignaturePacket.Status.self),
        .instant("expires_at"), .instant("created_at"),
        .list("recipients", of: recipient, countMax: SignaturePacket.recipientsMax),
        .list("acts", of: act, countMax: actsMax),
    ]
    private static let recipient: [Field] = [
        .identifier("id"), .choice("role", SignatureRecipient.Role.self), .integer("position", 1...Int64(Int32.max)),
        .text("name", max: 200).nullable().redacted(.name), .text("email", max: 254).nullable().redacted(.email),
        .choice("status", SignatureRecipient.Status.self), .instant("terms_served_at").nullable(),
        .text("disclosure_version", max: 64).nullable(), .text("signed_sha256", max: 64, .sha256).nullable(),
        .instant("expires_at").nullable(),
    ]
    private static let act: [Field] = [
        .identifier("recipient_id"), .integer("position", 1...Int64(actsMax)),
        .choice("kind", SignatureAct.Kind.self), .identifier("contract_version_id"),
        .text("content_sha256", max: 64, .sha256), .text("disclosure_version", max: 64).nullable(),
        .text("signature_sha256", max: 64, .sha256).nullable().described("Of the signature; itself it is not kept."),
        .text("signer_name", max: 200).nullable().redacted(.name),
        .text("signer_email", max: 254).nullable().redacted(.email),
        .text("reason", max: 2_000).nullable(),
        .text("authentication", max: 64).described("How the person who acted was recognised."),
        .text("remote_address", max: 64), .text("user_agent", max: 1_024),
        .choice("actor_kind", Caller.Kind.self), .identifier("actor_id"),
        .instant("occurred_at").described("By the server's clock."),
    ]

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }

    static func register(in router: inout Router, _ contracts: ResourceStore, _ database: Database) {
        router.serve(Self.self) { request, context in
            let organization = try context.caller().organization
            let deadline = context.deadline
            _ = try await contracts.read(request.id, for: organization, in: database, deadline: deadline)
            let packets = try await database.read(
                .organization(organization),
                "SELECT * FROM signature_packet WHERE organization_id = $1 AND contract_id = $2 ORDER BY created_at DESC, id DESC LIMIT $3",
                [.uuid(organization), .uuid(request.id), .int(Int64(Self.packetsMax))],
                deadline: deadline
            )
            let ids = SQLValue.uuids(try (0..<packets.count).map { try packets[$0].uuid("id") })
            let recipients = try await database.read(
                .organization(organization),
                "SELECT * FROM signature_recipient WHERE organization_id = $1 AND packet_id = ANY ($2::uuid[]) ORDER BY position, id",
                [.uuid(organization), ids],
                deadline: deadline
            )
            let acts = try await database.read(
                .organization(organization),
                "SELECT * FROM signature_act WHERE organization_id = $1 AND packet_id = ANY ($2::uuid[]) ORDER BY position, id",
                [.uuid(organization), ids],
                deadline: deadline
            )
            let recipientsOf = try Self.byPacket(recipients, Self.recipient)
            let actsOf = try Self.byPacket(acts, Self.act)
            let data = try (0..<packets.count).map { index in
                let id = try packets[index].uuid("id")
                var shown = try packets[index].shown(Self.packet.filter { !["recipients", "acts"].contains($0.name) })
                shown["recipients"] = .array(recipientsOf[id] ?? [])
                shown["acts"] = .array(actsOf[id] ?? [])
                return JSON.object(shown)
            }
            let body: JSON = ["contract_id": .string(request.id.description), "data": .array(data)]
            return Reply(body: body.bytes)
        }
    }

    private static func byPacket(_ rows: Rows, _ fields: [Field]) throws -> [Identifier: [JSON]] {
        var shown: [Identifier: [JSON]] = [:]
        for index in 0..<rows.count {
            shown[try rows[index].uuid("packet_id"), default: []].append(.object(try rows[index].shown(fields)))
        }
        return shown
    }
}

extension Row {
    /// The columns of the fields' names, as an answer shows them.
    fileprivate func shown(_ fields: [Field]) throws -> JSONObject {
        var members: JSONObject = [:]
        for field in fields {
            members[field.name] =
                switch field.kind {
                case _ where try self.isNull(field.name): .null
                case .integer: .int(try self.int(field.name))
                case .identifier: .string(try self.uuid(field.name).description)
                case .instant: .string(try self.instant(field.name).description)
                case .text, .choice, .boolean, .decimal, .date, .object, .list, .document:
                    .string(try self.text(field.name))
                }
        }
        return members
    }
}
