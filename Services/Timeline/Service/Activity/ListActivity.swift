internal import Contracts
internal import Postgres
internal import Resources
internal import Vocabulary

/// Shows what happened, newest first.
struct ListActivity: Operation {
    static let limitDefault: Int64 = 50
    static let limitMax: Int64 = 200

    static let declaration = OperationDeclaration(
        "timeline.activity.list",
        .get("/v1/activity"),
        access: .read("timeline"),
        "List what happened, newest first."
    )
    .described("By the place in the sequence; where `occurred_at` is limited, by the time of the event.")
    .query([
        .integer("limit", 1...limitMax).defaulting(to: .int(limitDefault)).described(
            "Entries in a page; large ones may be fewer."
        ),
        .text("cursor", max: 1_024).described("`next_cursor` of the page before."),
        .text("entity_type", max: 63).described("Only entries about this kind of object. Needs `entity_id`."),
        .identifier("entity_id").described("Only entries about this object."),
        .identifier("engagement_id").described("Only entries that belong to this engagement."),
        .identifier("actor_id").described("Only what this member, contact or API key did."),
        .identifier("correlation_id").described("Only entries of this story."),
        .choice("type", Activity.self).described("Only entries of this type."),
        .text("event_type", max: 127).described("Only entries from this event, such as `invoice.paid`."),
        .instant("occurred_at[gte]").described("Only what happened at this time or later."),
        .instant("occurred_at[lte]").described("Only what happened at this time or before."),
    ])
    .answers(.page("Activity", ActivityFields.entry))

    let filters: [(column: SQL, value: SQLValue)]
    let from: Instant?
    let to: Instant?
    let cursor: String?
    let limit: Int

    init(_ input: Values) throws(Fault) {
        if input.has("entity_type"), !input.has("entity_id") {
            let detail = "entity_type is accepted together with entity_id only."
            throw Fault(.invalidRequest, detail, problems: [Problem("/query/entity_type", "incomplete", detail)])
        }
        var filters: [(column: SQL, value: SQLValue)] = []
        for (name, column) in Self.identifiers {
            if let id = input.optionalIdentifier(name) { filters.append((column, .uuid(id))) }
        }
        for (name, column) in Self.texts {
            if let text = input.optionalText(name) { filters.append((column, .text(text))) }
        }
        self.filters = filters
        self.from = input.optionalInstant("occurred_at[gte]")
        self.to = input.optionalInstant("occurred_at[lte]")
        self.cursor = input.optionalText("cursor")
        self.limit = Int(try input.integer("limit"))
    }

    private static let identifiers: [(String, SQL)] = [
        ("entity_id", "entity_id"), ("engagement_id", "engagement_id"), ("actor_id", "actor_id"),
        ("correlation_id", "correlation_id"),
    ]
    private static let texts: [(String, SQL)] = [
        ("entity_type", "entity_type"), ("type", "type"), ("event_type", "event_type"),
    ]

    var isByTime: Bool { self.from != nil || self.to != nil }

    /// What a cursor belongs to: this list of this organization with these filters.
    func identity(for organization: Identifier) -> String {
        let filters = self.filters.map { "\($0.column)=\($0.value)" }.joined(separator: " ")
        return "activity \(organization) \(filters) \(self.from?.description ?? "") \(self.to?.description ?? "")"
    }
}

/// Serves the list.
struct ActivityList: Sendable {
    /// The months of a page are looked through in two goes: what is this recent first, and the rest only if that does not fill the
    /// page. So a page of what happens now costs the same however long the history is.
    static let recentSeconds: Int64 = 62 * 86_400

    let database: Database
    let cursors: CursorSigner

    func register(in router: inout Router) {
        router.serve(ListActivity.self) { request, context in try await self.list(request, context) }
    }

    private func list(_ request: ListActivity, _ context: CallContext) async throws -> Reply {
        let organization = try context.caller().organization
        let identity = request.identity(for: organization)
        let position = try request.cursor.map { text throws(Fault) in try self.open(text, identity) }
        let pages =
            request.isByTime
            ? [try await self.read(ActivityPage(request, organization, after: position).byTime, organization, context)]
            : try await self.bySequence(request, organization, after: position, context)
        var writer = JSONWriter(capacity: 1_024 * 16)
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        var shown = 0
        var last: Row?
        for row in pages.joined() where shown < request.limit && writer.bytes.count < Reply.bytesEnough {
            RowShape.activity.write(row, into: &writer)
            last = row
            shown += 1
        }
        writer.endArray()
        let hasMore = pages.reduce(0) { $0 + $1.count } > shown
        let next = hasMore ? try last.map { try self.seal($0, byTime: request.isByTime, identity) } : nil
        writer.key("next_cursor")
        if let next { writer.string(next) } else { writer.null() }
        writer.key("has_more")
        writer.bool(hasMore)
        writer.endObject()
        var reply = Reply(body: writer.finish())
        reply.next = next
        return reply
    }

    private func bySequence(
        _ request: ListActivity,
        _ organization: Identifier,
        after position: ActivityPosition?,
        _ context: CallContext
    ) async throws -> [Rows] {
        let page = ActivityPage(request, organization, after: position)
        let floor = (position?.time ?? context.wallTime).advanced(bySeconds: -Self.recentSeconds)
        let recent = try await self.read(page.bySequence(from: floor), organization, context)
        guard recent.count <= request.limit else { return [recent] }
        return [
            recent, try await self.read(page.bySequence(before: floor, besides: recent.count), organization, context),
        ]
    }

    private func read(
        _ statement: ActivityPage.Statement,
        _ organization: Identifier,
        _ context: CallContext
    ) async throws -> Rows {
        try await self.database.read(
            .organization(organization),
            statement.sql,
            statement.bindings,
            deadline: context.deadline
        )
    }

    // MARK: - Cursors

    private func seal(_ row: Row, byTime: Bool, _ identity: String) throws -> String {
        let time = try row.instant(byTime ? "occurred_at" : "recorded_at")
        return self.cursors.seal(position: "\(time) \(try row.int("seq"))", id: try row.uuid("event_id"), for: identity)
    }

    private func open(_ text: String, _ identity: String) throws(Fault) -> ActivityPosition {
        let parts = self.cursors.position(in: text, for: identity)?.split(separator: " ") ?? []
        guard parts.count == 2, let time = Instant(String(parts[0])), let sequence = Int64(parts[1]) else {
            throw .foreignCursor
        }
        return ActivityPosition(time: time, sequence: sequence)
    }
}

/// The last entry of a page: its time, by which partitions are left out, and its sequence.
struct ActivityPosition: Hashable, Sendable {
    let time: Instant
    let sequence: Int64
}
