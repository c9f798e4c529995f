internal import NIOCore
internal import Synchronization
internal import Testing

@testable internal import HTTP2

struct HTTP2ServerTimesTests {
    private static let begin = Frames.preface + Frames.settings

    /// When the server says GOAWAY or closes, in half seconds; nil when it does neither within 70 seconds.
    private static func end(_ server: EmbeddedServer) throws -> Double? {
        for half in 1...140 {
            let frames = SentFrame.parse(try server.advance(.milliseconds(500)))
            if frames.contains(where: { $0.goAwayCode != nil }) || !server.isActive { return Double(half) / 2 }
        }
        return nil
    }

    @Test(arguments: [
        ("nothing at all", [], 5.0, HTTPRefusal.prefaceTimeout),
        ("half a preface", Array(Frames.preface.prefix(12)), 5, .prefaceTimeout),
        ("a preface and no frame", Frames.preface, 5, .prefaceTimeout),
        ("half a frame head", Self.begin + [0, 0, 1], 10, .headTimeout),
        (
            "a head without its end", Self.begin + Frames.frame(FrameHead.headers, flags: 1, stream: 1, Frames.block()),
            10, .headTimeout
        ),
        (
            "half a PING", Self.begin + Frames.frame(FrameHead.ping, [0, 0, 0, 0, 0, 0, 0, 0]).dropLast(3), 10,
            .headTimeout
        ),
    ])
    func `Who begins and does not go on is shown out`(
        what: String,
        bytes: [UInt8],
        seconds: Double,
        reason: HTTPRefusal
    ) throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        try server.send(bytes)
        #expect(try Self.end(server) == seconds)
        #expect(server.refusals(reason) == 1)
    }

    @Test func `A head's time ends when it ends, and not at the next sweep`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        try server.send(Self.begin)
        _ = try server.advance(.milliseconds(100))
        try server.send([0, 0, 1])
        #expect(SentFrame.parse(try server.advance(.milliseconds(9_999))).isEmpty)
        #expect(SentFrame.parse(try server.advance(.milliseconds(1))).compactMap(\.goAwayCode) == [1])
    }

    @Test func `CONTINUATION frames do not buy a head more time`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        try server.send(Self.begin + Frames.frame(FrameHead.headers, flags: 1, stream: 1, Frames.block()))
        for second in 0..<3 {
            #expect(server.isActive, "second \(second)")
            _ = try server.advance(.seconds(3))
            try server.send(Frames.frame(FrameHead.continuation, stream: 1, Frames.field("a\(second)", "b")))
        }
        let frames = SentFrame.parse(try server.advance(.seconds(1)))
        #expect(frames.compactMap(\.goAwayCode) == [1])
    }

    @Test func `An idle connection goes after a minute, one with a request does not`() throws {
        let idle = try EmbeddedServer()
        defer { idle.close() }
        try idle.send(Self.begin + Frames.get(1))
        #expect(try Self.end(idle) == 60)
        #expect(idle.core.counters.statistics.refusals.isEmpty)

        let busy = try EmbeddedServer(Holding())
        defer { busy.close() }
        try busy.send(Self.begin + Frames.get(1))
        #expect(try Self.end(busy) == nil)
    }

    @Test func `A slow body is answered 408 after ten seconds`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        try server.send(Self.begin + Frames.post(1))
        for _ in 0..<9 {
            _ = try server.advance(.seconds(1))
            #expect(try server.sendFrames(Frames.data(1, [1, 2, 3])).allSatisfy { $0.head.type != FrameHead.headers })
        }
        let frames = SentFrame.parse(try server.advance(.seconds(1)))
        #expect(server.refusals(.slowBody) == 1)
        #expect(frames.contains { $0.head.type == FrameHead.headers && $0.head.stream == 1 })
        #expect(server.isActive, "other streams live on")
    }

    @Test func `A response nobody takes is reset after thirty seconds`() throws {
        let server = try EmbeddedServer()
        defer { server.close() }
        let closedWindow = Frames.frame(FrameHead.settings, [0, 4, 0, 0, 0, 0])
        try server.send(Frames.preface + closedWindow + Frames.get(1))
        #expect(SentFrame.parse(try server.advance(.milliseconds(29_500))).isEmpty)
        let frames = SentFrame.parse(try server.advance(.seconds(1)))
        #expect(frames.map(\.payload) == [[0, 0, 0, 8]], "RST_STREAM CANCEL")
        #expect(server.refusals(.responseStalled) == 1)
    }

    @Test func `A response taken byte by byte is reset too`() throws {
        let server = try EmbeddedServer(Echoing())
        defer { server.close() }
        let closedWindow = Frames.frame(FrameHead.settings, [0, 4, 0, 0, 0, 0])
        try server.send(Frames.preface + closedWindow + Frames.post(1) + Frames.data(1, [1, 2, 3], end: true))
        let large = Frames.post(3) + (0..<4).flatMap { _ in Frames.data(3, [UInt8](repeating: 7, count: 9_000)) }
        try server.send(large + Frames.data(3, [], end: true))
        var frames: [SentFrame] = []
        for _ in 0..<62 {
            frames += try server.sendFrames(Frames.windowUpdate(3, 1))
            frames += SentFrame.parse(try server.advance(.milliseconds(500)))
        }
        #expect(frames.contains { $0.head.type == FrameHead.data && $0.head.length == 1 })
        let resets = frames.filter { $0.head.type == FrameHead.resetStream }
        #expect(resets.map(\.head.stream).sorted() == [1, 3])
        #expect(server.refusals(.responseStalled) == 2)
    }

    @Test func `A TLS handshake has five seconds, and its place is given back`() throws {
        let server = try EmbeddedServer(isTLS: true)
        defer { server.close() }
        #expect(server.core.limiter.withLock { $0.handshakes } == 1)
        _ = try server.advance(.milliseconds(4_900))
        #expect(server.isActive)
        _ = try server.advance(.milliseconds(100))
        #expect(!server.isActive)
        #expect(server.refusals(.handshakeTimeout) == 1)
        #expect(server.core.limiter.withLock { $0.handshakes } == 0)
    }

    @Test func `Ten thousand requests, or an hour, and the connection is asked to go`() throws {
        var limits = HTTPLimits()
        limits.requestsPerConnectionMax = 3
        let server = try EmbeddedServer(limits: limits)
        defer { server.close() }
        let frames = try server.sendFrames(Self.begin + Frames.get(1) + Frames.get(3) + Frames.get(5))
        let notice = try #require(frames.first { $0.goAwayCode == 0 })
        #expect(notice.payload == [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0])
        let last = try #require(SentFrame.parse(try server.advance(.seconds(1))).first)
        #expect(last.payload == [0, 0, 0, 5, 0, 0, 0, 0])

        limits = HTTPLimits()
        limits.idleTimeout = .hours(2)
        let old = try EmbeddedServer(limits: limits)
        defer { old.close() }
        try old.send(Self.begin)
        _ = try old.advance(.seconds(3_599))
        #expect(SentFrame.parse(try old.advance(.seconds(1))).compactMap(\.goAwayCode) == [0])
    }
}
