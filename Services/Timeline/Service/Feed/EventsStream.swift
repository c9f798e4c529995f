internal import Contracts
internal import EventLog
internal import Postgres
internal import Vocabulary

/// Sends the organization's events as they are recorded. The sequence of each is its id, from which a client resumes.
struct EventsStream: Sendable {
    /// How long entries that another process of this service recorded may go unnoticed.
    static let pollInterval: Duration = .milliseconds(200)
    /// Entries read at a time while a client catches up.
    static let pageSize = 100

    static let declaration = OperationDeclaration(
        "timeline.events.stream",
        .get("/v1/events/stream"),
        access: .read("timeline"),
        "Follow events as they happen."
    )
    .described(
        "Each item is an event as in `GET /v1/events`; its id is its `seq`, and `Last-Event-ID` resumes behind it without a gap."
    )
    .query([
        .integer("after", 0...Int64.max).described(
            "Begin behind this sequence; by default, with what happens from now on."
        )
    ])
    .answers(.stream("Event", ActivityFields.event))

    let reader: ActivityReader
    let signal: PartitionSignal

    func register(in router: inout Router) {
        router.stream(Self.declaration) { input, context, sink in
            try await self.follow(try context.caller().organization, after: input.optionalInteger("after"), into: sink)
        }
    }

    private func follow(_ organization: Identifier, after: Int64?, into sink: any ItemSink) async throws {
        let bit: PartitionSignal.Mask = 1 << PartitionSignal.Mask(EventLog.partition(of: organization))
        let news = self.signal.subscribe()
        defer { news.end() }
        var place = Place(sequence: 0, recordedAt: nil)
        if let after { place.sequence = after } else { place.sequence = try await self.reader.head(of: organization) }
        try await self.send(from: &place, of: organization, into: sink)
        let clock = ContinuousClock()
        while !Task.isCancelled {
            // Other organizations' news must not put off the look for what other processes recorded.
            let nextPoll = clock.now + Self.pollInterval
            var isOurs = false
            while !isOurs, !Task.isCancelled {
                let remaining = nextPoll - clock.now
                guard remaining > .zero else { break }
                isOurs = await news.wait(timeout: remaining) & bit != 0
            }
            guard !Task.isCancelled else { return }
            // The head is one row: the cheapest way to learn that nothing has happened.
            if !isOurs, try await self.reader.head(of: organization) <= place.sequence { continue }
            try await self.send(from: &place, of: organization, into: sink)
        }
    }

    private struct Place {
        var sequence: Int64
        var recordedAt: Instant?
    }

    private func send(from place: inout Place, of organization: Identifier, into sink: any ItemSink) async throws {
        while true {
            let rows = try await self.reader.entries(
                RowShape.event.select,
                of: organization,
                after: place.sequence,
                floor: place.recordedAt,
                limit: Self.pageSize
            )
            for row in rows {
                var writer = JSONWriter(capacity: 1_024)
                RowShape.event.write(row, into: &writer)
                try await sink.send(writer.finish())
                place = Place(sequence: try row.int("seq"), recordedAt: try row.instant("recorded_at"))
            }
            guard rows.count == Self.pageSize else { return }
        }
    }
}
