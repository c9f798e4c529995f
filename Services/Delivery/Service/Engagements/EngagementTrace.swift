internal import Contracts
internal import Postgres
internal import Resources
internal import ServiceKit
internal import Vocabulary

/// Tells an engagement's whole story, from the deal it began with to its last payment.
struct EngagementTrace: Operation {
    /// As many as the timeline tells of a story.
    static let eventsMax = 2_000

    static let declaration = OperationDeclaration(
        "delivery.engagement.trace",
        .get("/v1/engagements/{id}/trace"),
        access: .read("delivery"),
        "Everything that happened in the story of an engagement, and what caused it."
    )
    .described("`data` has the events in causal order, `tree` the same events each with its `effects` below it.")
    .answers(
        .object(
            "EngagementTrace",
            [
                .identifier("engagement_id"), .identifier("correlation_id"),
                .list("data", of: .document(bytesMax: Int.max), countMax: Self.eventsMax),
                .list("tree", of: .document(bytesMax: Int.max), countMax: Self.eventsMax),
                .boolean("has_more").described("The story is longer than what is shown."),
            ]
        )
    )
    .faults(.notFound, .unavailable, .deadlineExceeded)
    .calling("timeline")

    let id: Identifier

    init(_ input: Values) throws(Fault) { self.id = try input.identifier("id") }

    static func register(
        in router: inout Router,
        _ engagements: ResourceStore,
        _ database: Database,
        _ peers: PeerCalls
    ) {
        router.serve(Self.self) { request, context in
            let engagement = try await engagements.read(
                request.id,
                for: try context.caller().organization,
                in: database,
                deadline: context.deadline
            )
            let story = try engagement.row.uuid("correlation_id")
            let answer = try await peers.read(
                "timeline.activity.trace/1",
                ["correlation_id": story.description],
                for: context
            )
            let events = answer["data"]?.array ?? []
            let body: JSON = [
                "engagement_id": .string(request.id.description),
                "correlation_id": .string(story.description),
                "data": .array(events),
                "tree": .array(TraceTree(events).roots),
                "has_more": .bool(answer["has_more"]?.bool == true),
            ]
            return Reply(body: body.bytes)
        }
    }
}
