internal import Contracts
internal import Postgres
internal import TimelineDomain
internal import Vocabulary

/// Tells a story from its beginning, causes before their effects.
struct TraceActivity: Operation {
    /// The most events of a story that are told.
    static let countMax = 2_000

    static let declaration = OperationDeclaration(
        "timeline.activity.trace",
        .get("/v1/activity/trace"),
        access: .read("timeline"),
        "Show a story in the order of its causes."
    )
    .described(
        "All events with this correlation, from the first on, up to \(countMax). An event whose cause is a request is a root."
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
        let shown = min(rows.count, TraceActivity.countMax)
        var events: [(id: Identifier, cause: Identifier?)] = []
        for index in 0..<shown {
            events.append((try rows[index].uuid("event_id"), try rows[index].uuidOrNil("causation_id")))
        }
        var writer = JSONWriter(capacity: 512 * (shown + 1))
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        for place in CausalOrder.order(events) { RowShape.trace.write(rows[place], into: &writer) }
        writer.endArray()
        writer.key("has_more")
        writer.bool(rows.count > shown)
        writer.endObject()
        return Reply(body: writer.finish())
    }
}
