internal import Contracts
internal import Postgres
internal import TimelineDomain
internal import Vocabulary

/// Tells a story from its beginning, causes before their effects.
struct TraceActivity: Operation {
    /// The most events of a story that are told.
    static let countMax = 2_000
    /// Less than half a frame: an engagement's trace tells every event twice, in a row and as a tree.
    static let bytesEnough = 400 * 1_024

    static let declaration = OperationDeclaration(
        "timeline.activity.trace",
        .get("/v1/activity/trace"),
        access: .read("timeline"),
        "Show a story in the order of its causes."
    )
    .described(
        "All events with this correlation, from the first on, up to \(countMax), or fewer where they are large. An event whose cause is a request is a root."
    )
    .query([
        .identifier("correlation_id").required().described(
            "The story: the id of the deal or other object it began with."
        )
    ])
    .answers(
        .object(
            "ActivityTrace",
            [
                .list("data", of: ActivityFields.traced, countMax: countMax),
                .boolean("has_more").described("The story is longer than what is shown."),
            ]
        )
    )

    let correlation: Identifier

    init(_ input: Values) throws(Fault) { self.correlation = try input.identifier("correlation_id") }
}

/// Serves the trace.
struct ActivityTrace: Sendable {
    let database: Database

    func register(in router: inout Router) {
        router.serve(TraceActivity.self) { request, context in try await self.trace(request, context) }
    }

    private func trace(_ request: TraceActivity, _ context: CallContext) async throws -> Reply {
        let organization = try context.caller().organization
        let rows = try await self.database.read(
            .organization(organization),
            RowShape.trace.select + " WHERE organization_id = $1 AND correlation_id = $2 ORDER BY seq LIMIT $3",
            [.uuid(organization), .uuid(request.correlation), .int(Int64(TraceActivity.countMax + 1))],
            deadline: context.deadline
        )
        let (written, events) = try Self.beginning(of: rows)
        var writer = JSONWriter(capacity: 512 * (events.count + 1))
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        for place in CausalOrder.order(events) { writer.raw(written[place]) }
        writer.endArray()
        writer.key("has_more")
        writer.bool(rows.count > events.count)
        writer.endObject()
        return Reply(body: writer.finish())
    }

    /// As much of a story as one answer tells, from its first event on.
    private static func beginning(of rows: Rows) throws -> (written: [[UInt8]], [CausalOrder.Event]) {
        var written: [[UInt8]] = []
        var events: [CausalOrder.Event] = []
        var bytes = 0
        for row in rows where events.count < TraceActivity.countMax && bytes < TraceActivity.bytesEnough {
            var writer = JSONWriter(capacity: 512)
            RowShape.trace.write(row, into: &writer)
            written.append(writer.finish())
            events.append(
                (try row.uuid("event_id"), try row.uuidOrNil("causation_id"), try row.instant("occurred_at"))
            )
            bytes += written[written.count - 1].count
        }
        return (written, events)
    }
}
