internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Gives a person all that is held about them.
struct ExportPersonalData: Operation {
    static let declaration = OperationDeclaration(
        "identity.personal_data.export",
        .get("/v1/me/export"),
        access: .person,
        "Export all that is held about you."
    )
    .described(
        """
        Page by page, each record with what kind it is and its columns as they are stored, in all of your organizations; secrets and their \
        digests are left out. What you did in the organizations is in their timelines (`GET /v1/activity`).
        """
    )
    .query([
        .integer("limit", 1...Self.limitMax).defaulting(to: .int(Self.limitMax)).described("Records in a page."),
        .text("cursor", max: 1_024).redacted(.content).described("`next_cursor` of the page before."),
    ])
    .stepUp()
    .answers(
        .page(
            "PersonalRecord",
            [
                .choice("kind", PersonalRecord.all.map(\.name)).example("sign_in"),
                .document("record", bytesMax: Self.recordBytesMax).redacted(.content),
            ]
        )
    )
    .faults(.invalidRequest)

    static let limitMax: Int64 = 100
    private static let recordBytesMax = 65_536

    let limit: Int64
    let cursor: String?

    init(_ input: Values) throws(Fault) {
        self.limit = input.optionalInteger("limit") ?? Self.limitMax
        self.cursor = input.optionalText("cursor")
    }
}

/// Serves it.
struct PersonalExports: Sendable {
    let parts: IdentityParts

    func register(in router: inout Router) {
        router.serve(ExportPersonalData.self) { request, context in try await self.export(request, context) }
    }

    /// Where a page begins: behind a key among the records of one kind.
    private struct Position {
        var kind: Int
        var key: String

        static let start = Position(kind: 0, key: "")

        init(kind: Int, key: String) {
            self.kind = kind
            self.key = key
        }

        init?(_ text: String) {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let kind = Int(parts[0]), PersonalRecord.all.indices.contains(kind) else {
                return nil
            }
            self.init(kind: kind, key: String(parts[1]))
        }

        var text: String { "\(self.kind):\(self.key)" }
    }

    private func export(_ request: ExportPersonalData, _ context: CallContext) async throws -> Reply {
        let user = try context.caller().subject
        let list = "personal data of \(user)"
        var position = Position.start
        if let text = request.cursor {
            guard let opened = self.parts.persistence.cursors.position(in: text, for: list).flatMap(Position.init)
            else { throw Fault.foreignCursor }
            position = opened
        } else {
            try await self.note(user, context)
        }
        var writer = JSONWriter(capacity: 32_768)
        writer.beginPage()
        let isMore = try await self.write(request.limit, of: user, from: &position, into: &writer)
        let next = isMore ? self.parts.persistence.cursors.seal(position: position.text, id: user, for: list) : nil
        writer.endPage(next: next)
        var reply = Reply(body: writer.finish())
        reply.next = next
        return reply
    }

    /// Writes up to `limit` records and moves on behind them; answers whether there may be more.
    private func write(
        _ limit: Int64,
        of user: Identifier,
        from position: inout Position,
        into writer: inout JSONWriter
    ) async throws -> Bool {
        var left = limit
        while position.kind < PersonalRecord.all.count {
            guard left > 0 else { return true }
            let record = PersonalRecord.all[position.kind]
            let rows = try await self.parts.crossTenant.look(
                record.page,
                [.uuid(user), .text(position.key), .texts(record.withheld), .int(left)]
            )
            for row in rows {
                writer.beginObject()
                writer.key("kind")
                writer.string(record.name)
                writer.key("record")
                writer.raw(try row.bytes("record"))
                writer.endObject()
                position.key = try row.text("key")
            }
            left -= Int64(rows.count)
            if left > 0 { position = Position(kind: position.kind + 1, key: "") }
        }
        return false
    }

    /// Whoever has taken over a session would begin with this: the person sees that it was done.
    private func note(_ user: Identifier, _ context: CallContext) async throws {
        try await self.parts.crossTenant.change { transaction in
            try SecurityEvents.observe(
                .exported,
                at: user,
                from: context.remoteAddress,
                at: context.wallTime,
                in: transaction
            )
        }
    }
}
