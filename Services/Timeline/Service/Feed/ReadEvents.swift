internal import Contracts
internal import Postgres
internal import Vocabulary

/// Reads the organization's events in their order, for integrations: nothing is left out, nothing comes twice.
struct ReadEvents: Operation {
    static let limitDefault: Int64 = 100
    static let limitMax: Int64 = 500

    static let declaration = OperationDeclaration(
        "timeline.events.list",
        .get("/v1/events"),
        access: .read("timeline"),
        "Read events in their order."
    )
    .described(
        "Keep `next_after` and send it as `after` the next time. The sequence has no gaps: each event's is its predecessor's plus one."
    )
    .query([
        .integer("after", 0...Int64.max).defaulting(to: 0).described("The sequence of the last event that you have."),
        .integer("limit", 1...limitMax).defaulting(to: .int(limitDefault)).described(
            "Events in an answer; large ones may be fewer."
        ),
    ])
    .answers(
        .object(
            "EventFeed",
            [
                .list("data", of: ActivityFields.event, countMax: Int(limitMax)),
                .integer("next_after", 0...Int64.max),
                .boolean("has_more").described("There are more at this moment."),
            ]
        )
    )

    let after: Int64
    let limit: Int

    init(_ input: Values) throws(Fault) {
        self.after = try input.integer("after")
        self.limit = Int(try input.integer("limit"))
    }
}

/// Serves the feed.
struct EventsFeed: Sendable {
    let reader: ActivityReader

    func register(in router: inout Router) {
        router.serve(ReadEvents.self) { request, context in try await self.read(request, context) }
    }

    private func read(_ request: ReadEvents, _ context: CallContext) async throws -> Reply {
        let rows = try await self.reader.entries(
            RowShape.event.select,
            of: try context.caller().organization,
            after: request.after,
            limit: request.limit + 1,
            deadline: context.deadline
        )
        var writer = JSONWriter(capacity: 1_024 * (rows.count + 1))
        writer.beginObject()
        writer.key("data")
        writer.beginArray()
        var shown = 0
        var last = request.after
        while shown < min(rows.count, request.limit), writer.bytes.count < Reply.bytesEnough {
            RowShape.event.write(rows[shown], into: &writer)
            last = try rows[shown].int("seq")
            shown += 1
        }
        writer.endArray()
        writer.key("next_after")
        writer.int(last)
        writer.key("has_more")
        writer.bool(rows.count > shown)
        writer.endObject()
        return Reply(body: writer.finish())
    }
}
