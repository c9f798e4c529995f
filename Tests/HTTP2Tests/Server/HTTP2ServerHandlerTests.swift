internal import NIOCore
internal import Testing

@testable internal import HTTP2

struct HTTP2ServerHandlerTests {
    private static let begin = Frames.preface + Frames.settings

    @Test func `The first frame is our SETTINGS, byte for byte`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        let frames = try server.sendFrames(Self.begin)
        let settings = frames[0]
        #expect(settings.head == FrameHead(length: 24, type: 4, flags: 0, stream: 0))
        // MAX_HEADER_LIST_SIZE 16384, INITIAL_WINDOW_SIZE 65535, NO_RFC7540_PRIORITIES 1, MAX_CONCURRENT_STREAMS 100.
        let expected: [UInt8] = [0, 6, 0, 0, 0x40, 0, 0, 4, 0, 0, 0xff, 0xff, 0, 9, 0, 0, 0, 1, 0, 3, 0, 0, 0, 100]
        #expect(settings.payload == expected)
        #expect(
            frames.contains { $0.head.type == FrameHead.settings && $0.head.flags == 1 },
            "the client's is acknowledged"
        )
    }

    @Test func `A request is answered with head and body`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        let frames = try server.sendFrames(Self.begin + Frames.get(1)).filter { $0.head.stream == 1 }
        #expect(frames.map(\.head.type) == [FrameHead.headers, FrameHead.data])
        #expect(frames[0].payload.first == 0x88, ":status 200 from the static table")
        #expect(frames[1].payload == [UInt8]("GET / 0".utf8))
        #expect(frames[1].head.flags == FrameHead.endStream)
    }

    @Test func `Fields reach the handler in order, and trailers do not`() throws {
        let holding = Holding()
        let server = try EmbeddedServer(holding)
        defer { server.close() }
        let trailers = Frames.frame(FrameHead.headers, flags: 0x5, stream: 1, Frames.field("x-trailer", "1"))
        try server.send(
            Self.begin + Frames.post(1, [("b", "2"), ("a", "1")]) + Frames.data(1, [1, 2]) + Frames.data(1, [3])
                + trailers
        )
        let (request, responder) = try #require(holding.take())
        #expect(request.fields == [HTTPField("b", "2"), HTTPField("a", "1")])
        #expect((request.method, request.target, request.authority) == ("POST", "/", "localhost"))
        #expect((request.body, request.remoteAddress, request.version) == ([1, 2, 3], "192.0.2.1", .http2))
        responder.send(status: 204, fields: [], body: [])
    }

    @Test(arguments: [
        ([("a_b", "1")], "400"), ([("host", "elsewhere")], "400"), ([("content-length", "1048577")], "413"),
        ([("big", String(repeating: "x", count: 16_000))], "200"),
        ([("big", String(repeating: "x", count: 16_300))], "431"),
    ])
    func `Heads are held to their limits`(fields: [(String, String)], status: String) throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        let request = status == "413" ? Frames.post(1, fields) : Frames.get(1, fields)
        let frames = try server.sendFrames(Self.begin + request).filter { $0.head.stream == 1 }
        let head = try #require(frames.first { $0.head.type == FrameHead.headers })
        // Indexed 200 and 400, or a literal under the name's index 8.
        let literal = [0x48, 3] + [UInt8](status.utf8)
        let start: [String: [UInt8]] = ["200": [0x88], "400": [0x8c], "413": literal, "431": literal]
        #expect(head.payload.starts(with: try #require(start[status])))
        let reason: [String: HTTPRefusal] = ["400": .invalidHead, "413": .bodyTooLarge, "431": .headTooLarge]
        #expect(reason[status].map(server.refusals) ?? 1 == 1)
    }

    @Test func `A hundred and one fields are too many, and the third offence ends the connection`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        let many = (0..<98).map { ("f\($0)", "") }
        let first = try server.sendFrames(Self.begin + Frames.get(1, many)) + server.sendFrames(Frames.get(3, many))
        #expect(first.allSatisfy { $0.goAwayCode == nil })
        #expect(server.refusals(.headTooLarge) == 2)
        let third = try server.sendFrames(Frames.get(5, many))
        #expect(third.compactMap(\.goAwayCode) == [11])
    }

    @Test func `A head that unpacks to four times its limit ends the connection at once`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        // 4,000 bytes into the dynamic table, then 100 references to them.
        let value = String(repeating: "x", count: 3_900)
        var entry = Frames.field("bomb", value)
        entry[0] = 0x40
        let block = Frames.block() + entry + [UInt8](repeating: 0xbe, count: 100)
        let frames = try server.sendFrames(Self.begin + Frames.frame(FrameHead.headers, flags: 0x5, stream: 1, block))
        #expect(frames.compactMap(\.goAwayCode) == [11])
    }

    @Test func `A body over the limit is answered 413 and its stream reset without blame`() throws {
        var limits = HTTPLimits()
        limits.requestBodyBytesMax = 10
        let server = try EmbeddedServer(limits: limits)
        defer { server.close() }
        let frames = try server.sendFrames(
            Self.begin + Frames.post(1) + Frames.data(1, [UInt8](repeating: 0, count: 11))
        )
        #expect(server.refusals(.bodyTooLarge) == 1)
        #expect(frames.filter { $0.head.stream == 1 }.map(\.head.type) == [FrameHead.headers])
        let reset = try #require(SentFrame.parse(try server.advance(.milliseconds(1_500))).last)
        #expect(reset == SentFrame(head: FrameHead(length: 4, type: 3, flags: 0, stream: 1), payload: [0, 0, 0, 0]))
    }

    @Test(arguments: [
        (Frames.frame(FrameHead.priority, stream: 1, [0, 0, 0, 0, 1]), 300), (Frames.windowUpdate(0, 1), 300),
        (Frames.frame(FrameHead.ping, [0, 0, 0, 0, 0, 0, 0, 0]), 300), (Frames.settings, 60),
    ])
    func `Floods of control frames end with ENHANCE_YOUR_CALM`(frame: [UInt8], count: Int) throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        var frames = try server.sendFrames(Self.begin)
        for _ in 0..<count { frames += try server.sendFrames(frame) }
        #expect(frames.compactMap(\.goAwayCode) == [11])
        #expect(server.refusals(.flood) == 1)
        _ = try server.advance(.seconds(2))
        #expect(!server.isActive)
    }

    @Test func `Empty DATA and rapid resets are floods too`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        var frames = try server.sendFrames(Self.begin + Frames.post(1))
        for _ in 0..<200 { frames += try server.sendFrames(Frames.data(1, [])) }
        #expect(frames.compactMap(\.goAwayCode) == [11])

        let other = try EmbeddedServer(Holding())
        defer { other.close() }
        frames = try other.sendFrames(Self.begin)
        for id in 0..<60 {
            frames += try other.sendFrames(Frames.get(Int32(id) * 2 + 1) + Frames.reset(Int32(id) * 2 + 1))
        }
        #expect(frames.compactMap(\.goAwayCode) == [11])
    }

    @Test(arguments: [
        ("an id passed over", Frames.get(5) + Frames.get(3), UInt8(1)),
        ("a stream that was answered", Frames.get(1) + Frames.get(1), 5),
        ("PRIORITY of the connection", Frames.frame(FrameHead.priority, [0, 0, 0, 1, 1]), 1),
        ("PRIORITY that waits for itself", Frames.frame(FrameHead.priority, stream: 1, [0, 0, 0, 1, 1]), 1),
        ("a fifth CONTINUATION", Self.head(continuations: 5), 11),
    ])
    func `What nghttp2 would let pass, or end without a word, ends with its code`(
        what: String,
        bytes: [UInt8],
        code: UInt8
    ) throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        #expect(try server.sendFrames(Self.begin + bytes).compactMap(\.goAwayCode) == [code], "\(what)")
    }

    private static func head(continuations: Int) -> [UInt8] {
        let parts = (1...continuations).flatMap { index in
            Frames.frame(FrameHead.continuation, flags: index == continuations ? 4 : 0, stream: 1)
        }
        return Frames.frame(FrameHead.headers, flags: 1, stream: 1, Frames.block()) + parts
    }

    @Test func `Streams that a client makes us reset end the connection before the twentieth, though all come at once`()
        throws
    {
        let holding = Holding()
        let server = try EmbeddedServer(holding)
        defer { server.close() }
        var bytes = Self.begin
        for index in 0..<50 as Range<Int32> {
            let id = index * 2 + 1
            bytes += Frames.get(id)
            bytes += Frames.frame(FrameHead.windowUpdate, stream: id, [0x7f, 0xff, 0xff, 0xff])
        }
        let frames = try server.sendFrames(bytes)
        #expect(frames.compactMap(\.goAwayCode) == [11])
        #expect(holding.count <= 20)
    }

    @Test func `Requests whose streams were reset count until their handlers have ended`() throws {
        var limits = HTTPLimits()
        limits.streamsPerConnectionMax = 3
        let holding = Holding()
        let server = try EmbeddedServer(holding, limits: limits)
        defer { server.close() }
        var frames = try server.sendFrames(Self.begin)
        for id in [1, 3, 5] as [Int32] { frames += try server.sendFrames(Frames.get(id) + Frames.reset(id)) }
        frames = try server.sendFrames(Frames.get(7))
        #expect(
            frames.contains { $0.head.type == FrameHead.resetStream && $0.payload == [0, 0, 0, 7] },
            "REFUSED_STREAM"
        )
        #expect(holding.count == 3)
        holding.take()?.1.send(status: 200, fields: [], body: [])
        frames = try server.sendFrames(Frames.get(9))
        #expect(holding.count == 3)
        #expect(server.core.counters.statistics.requestsRunning == 3)
    }

    @Test func `A handler that drops its responder answers 500`() throws {
        let holding = Holding()
        let server = try EmbeddedServer(holding)
        defer { server.close() }
        try server.send(Self.begin + Frames.get(1))
        _ = holding.take()
        server.run()
        let frames = SentFrame.parse(try server.received())
        #expect(frames.first?.payload.first == 0x8e, ":status 500 from the static table")
        #expect(server.refusals(.handlerDropped) == 1)
    }

    @Test func `A handler's field cannot split the response`() throws {
        let holding = Holding()
        let server = try EmbeddedServer(holding)
        defer { server.close() }
        try server.send(Self.begin + Frames.get(1))
        let bad = [
            HTTPField("x", "a\r\nb: c"), HTTPField("X", "1"), HTTPField("connection", "close"), HTTPField("date", "d"),
        ]
        holding.take()?.1.send(status: 200, fields: bad, body: [])
        server.run()
        let head = try #require(SentFrame.parse(try server.received()).first)
        // 200, date: d, content-length: 0.
        #expect(head.payload.count == 1 + 3 + 4)
    }
}
