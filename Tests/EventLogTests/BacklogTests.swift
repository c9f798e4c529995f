internal import Contracts
internal import Testing
internal import Vocabulary

@testable internal import EventLog

/// What goes into one transaction.
@Suite struct BacklogTests {
    private static let (one, two) = (Identifier.random(), Identifier.random())

    private static var handlers: EventHandlers {
        var handlers = EventHandlers()
        handlers.onEvery { _, _ in { _ in } }
        handlers.on("thing.alone") { _, _ in [] }
        return handlers
    }

    /// Events with these sequences, of one type and organization.
    private static func entries(
        _ sequences: ClosedRange<Int64>,
        _ type: String = "thing.made",
        of organization: Identifier = Self.one,
        bytes: Int = 2
    ) throws -> [EventBatch.Entry] {
        try sequences.map { sequence in
            var event = Fixture.event(of: organization, type: type)
            event.payload = Array("\"\(String(repeating: "x", count: bytes - 2))\"".utf8)
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("epoch")
            writer.string(Identifier.random().description)
            writer.key("partition")
            writer.int(0)
            writer.key("events")
            writer.beginArray()
            event.write(into: &writer, sequence: sequence)
            writer.endArray()
            writer.endObject()
            return try #require(EventBatch(try JSON(parsing: writer.finish()))?.events.first)
        }
    }

    /// What a step takes: `7:1-3` is what has these sequences of partition 7, `7>3` passes over what is up to there.
    private static func shown(_ step: EventBacklog.Step?) -> String {
        func shown(_ portion: EventBacklog.Portion) -> String {
            "\(portion.partition):\(portion.entries[0].sequence)-\(portion.entries[portion.entries.count - 1].sequence)"
        }
        return switch step {
        case .pass(let partition, let sequence): "\(partition)>\(sequence)"
        case .run(let portion): shown(portion)
        case .together(let portions): "together " + portions.map(shown).joined(separator: " ")
        case nil: "nothing"
        }
    }

    private static func applied(_ step: EventBacklog.Step?, in backlog: inout EventBacklog) {
        switch step {
        case .run(let portion): backlog.applied(portion.entries.count, of: portion.partition)
        case .together(let portions):
            for portion in portions { backlog.applied(portion.entries.count, of: portion.partition) }
        case .pass, nil: break
        }
    }

    /// All steps until nothing is left.
    private static func steps(_ backlog: inout EventBacklog) -> [String] {
        var steps: [String] = []
        while let step = backlog.next() {
            steps.append(self.shown(step))
            self.applied(step, in: &backlog)
        }
        return steps
    }

    @Test func `Partitions go together, up to what goes alone in each`() throws {
        var backlog = EventBacklog(for: Self.handlers)
        backlog.append(try Self.entries(1...3), of: 7)
        backlog.append(try Self.entries(4...4, "thing.alone"), of: 7)
        backlog.append(try Self.entries(1...2, of: Self.two), of: 9)
        backlog.append(try Self.entries(5...6), of: 7)
        backlog.append(try Self.entries(3...3), of: 9)
        #expect(Self.steps(&backlog) == ["together 7:1-3 9:1-3", "7:4-4", "together 7:5-6"])
        #expect(Self.shown(backlog.next()) == "nothing")
    }

    @Test func `A consumer of single types takes runs of one organization, and passes over the rest`() throws {
        var handlers = EventHandlers()
        handlers.on("thing.made") { _, _ in [] }
        var backlog = EventBacklog(for: handlers)
        backlog.append(try Self.entries(1...2, "thing.ignored"), of: 7)
        backlog.append(try Self.entries(3...5), of: 7)
        backlog.append(try Self.entries(6...7, of: Self.two), of: 7)
        backlog.append(try Self.entries(8...8, "thing.ignored"), of: 7)
        backlog.append(try Self.entries(9...9, of: Self.two), of: 7)
        #expect(Self.steps(&backlog) == ["7>2", "7:3-5", "7:6-7", "7>8", "7:9-9"])
        backlog.append(try Self.entries(1...Int64(EventBacklog.runMax + 1)), of: 1)
        #expect(Self.steps(&backlog) == ["1:1-100", "1:101-101"])
    }

    @Test func `A transaction of several has so many events, and so many bytes but for one event`() throws {
        var backlog = EventBacklog(for: Self.handlers)
        backlog.append(try Self.entries(1...Int64(EventBacklog.togetherMax - 1)), of: 1)
        backlog.append(try Self.entries(1...3), of: 2)
        #expect(Self.steps(&backlog) == ["together 1:1-399 2:1-1", "together 2:2-3"])
        backlog.append(try Self.entries(1...3, bytes: EventBacklog.togetherBytesMax / 2), of: 1)
        backlog.append(try Self.entries(1...2, bytes: EventBacklog.togetherBytesMax + 1), of: 2)
        #expect(Self.steps(&backlog) == ["together 1:1-2", "together 2:1-1", "together 1:3-3 2:2-2"])
    }

    @Test func `What failed together goes apart, then one by one, and others go before`() throws {
        var backlog = EventBacklog(for: Self.handlers)
        backlog.append(try Self.entries(1...2), of: 7)
        backlog.append(try Self.entries(1...1), of: 9)
        guard case .together(let portions) = backlog.next() else { return #expect(Bool(false)) }
        for portion in portions { #expect(backlog.failed(portion, together: true) == 0) }
        backlog.append(try Self.entries(1...1), of: 3)
        backlog.append(try Self.entries(3...3), of: 7)
        guard case .run(let run) = backlog.next() else { return #expect(Bool(false)) }
        #expect(Self.shown(.run(run)) == "7:1-3")
        #expect(backlog.failed(run, together: false) == 0)
        let others = backlog.next()
        #expect(Self.shown(others) == "9:1-1")
        Self.applied(others, in: &backlog)
        let more = backlog.next()
        #expect(Self.shown(more) == "together 3:1-1")
        Self.applied(more, in: &backlog)
        for attempt in 1...3 {
            guard case .run(let single) = backlog.next() else { return #expect(Bool(false)) }
            #expect(Self.shown(.run(single)) == "7:1-1")
            #expect(backlog.failed(single, together: false) == attempt)
        }
        #expect(Self.steps(&backlog) == ["7:1-1", "7:2-2", "7:3-3"])
        backlog.append(try Self.entries(4...5), of: 7)
        #expect(Self.steps(&backlog) == ["together 7:4-5"])
    }

    @Test func `It is full by count or by bytes, until something is applied`() throws {
        var backlog = EventBacklog(for: Self.handlers)
        backlog.append(try Self.entries(1...Int64(EventBacklog.waitingMax - 1)), of: 1)
        #expect(!backlog.isFull)
        backlog.append(try Self.entries(1...1), of: 2)
        #expect(backlog.isFull)
        Self.applied(backlog.next(), in: &backlog)
        #expect(!backlog.isFull)
        backlog.append(try Self.entries(2...2, bytes: EventBacklog.waitingBytesMax), of: 2)
        #expect(backlog.isFull)
        _ = Self.steps(&backlog)
        #expect(!backlog.isFull)
    }
}
