internal import NIOCore
internal import Testing

@testable internal import HTTP2

struct FloodGuardTests {
    private let now = NIODeadline.uptimeNanoseconds(0)

    private static func head(_ type: UInt8, length: Int = 0, flags: UInt8 = 0, stream: Int32 = 1) -> FrameHead {
        FrameHead(length: length, type: type, flags: flags, stream: stream)
    }

    /// How many of these frames a connection may send at once.
    private func allowed(_ frame: FrameHead) -> Int {
        var floodGuard = FloodGuard(HTTPLimits(), now: self.now)
        _ = floodGuard.received(Self.head(FrameHead.headers, length: 1, flags: FrameHead.endHeaders), now: self.now)
        var count = 0
        while count < 1_000, floodGuard.received(frame, now: self.now) == .allowed { count += 1 }
        return count
    }

    @Test(arguments: [
        (FrameHead.priority, 5, UInt8(0), 200), (FrameHead.ping, 8, 0, 200), (FrameHead.windowUpdate, 4, 0, 200),
        (FrameHead.data, 0, 0, 200), (FrameHead.settings, 0, 0, 40), (FrameHead.resetStream, 4, 0, 40),
        (FrameHead.data, 1, 0, 1_000),
        (FrameHead.continuation, 0, 0, 1_000),
    ])
    func `Each kind of frame has its price`(type: UInt8, length: Int, flags: UInt8, expected: Int) {
        #expect(self.allowed(Self.head(type, length: length, flags: flags)) == expected)
    }

    @Test func `Each DATA frame sent pays for ten WINDOW_UPDATEs`() {
        var floodGuard = FloodGuard(HTTPLimits(), now: self.now)
        for _ in 0..<30 { floodGuard.sentData() }
        let update = Self.head(FrameHead.windowUpdate, length: 4)
        let verdicts = (0..<501).map { _ in floodGuard.received(update, now: self.now) }
        #expect(verdicts.filter { $0 == .allowed }.count == 500)
        #expect(verdicts.last == .flood)
    }

    @Test func `Resets we send are the client's expense, and what makes us send one costs twice as much at once`() {
        var floodGuard = FloodGuard(HTTPLimits(), now: self.now)
        let resets = (0..<41).map { _ in floodGuard.sentReset(1, now: self.now) }
        #expect(resets.dropLast().allSatisfy { $0 == .allowed })
        #expect(resets.last == .flood)

        var other = FloodGuard(HTTPLimits(), now: self.now)
        let faults = (0..<21).map { _ in other.receivedFault(now: self.now) }
        #expect(faults.dropLast().allSatisfy { $0 == .allowed })
        #expect(faults.last == .flood)
    }

    @Test(arguments: [(Int32(0), Int32?.none), (3, 3)])
    func `A PRIORITY frame of the connection, or of a stream that waits for itself, is an error`(
        stream: Int32,
        dependency: Int32?
    ) {
        var floodGuard = FloodGuard(HTTPLimits(), now: self.now)
        var frame = Self.head(FrameHead.priority, length: 5, stream: stream)
        frame.dependency = dependency
        #expect(Self.received(frame, by: &floodGuard, at: self.now) == .protocolError)
        frame = Self.head(FrameHead.priority, length: 5, stream: 3)
        frame.dependency = 1
        #expect(Self.received(frame, by: &floodGuard, at: self.now) == .allowed)
    }

    @Test func `What comes within a header block is left to nghttp2`() {
        var floodGuard = FloodGuard(HTTPLimits(), now: self.now)
        var within = [Self.head(FrameHead.continuation), Self.head(FrameHead.data, length: 1)]
        for index in within.indices { within[index].isWithinHeaderBlock = true }
        let ended = Self.head(FrameHead.headers, length: 1, flags: FrameHead.endStream | FrameHead.endHeaders)
        let frames = [ended] + within + [Self.head(FrameHead.data, length: 1)]
        let verdicts = frames.map { Self.received($0, by: &floodGuard, at: self.now) }
        #expect(verdicts == [.allowed, .allowed, .allowed, .streamClosed])
    }

    @Test func `Streams that are skipped, closed or too many are each an end of their own`() {
        var floodGuard = FloodGuard(HTTPLimits(), now: self.now)
        let ids: [Int32] = [5, 3, 5]
        let verdicts = ids.map { id in
            Self.received(
                Self.head(FrameHead.headers, length: 1, flags: FrameHead.endStream | FrameHead.endHeaders, stream: id),
                by: &floodGuard,
                at: self.now
            )
        }
        #expect(verdicts == [.allowed, .protocolError, .streamClosed])
        let many = (4..<2_100).map { id in
            Self.received(
                Self.head(FrameHead.headers, length: 1, flags: FrameHead.endHeaders, stream: id * 2 + 1),
                by: &floodGuard,
                at: self.now
            )
        }
        #expect(many.firstIndex(of: .flood) == 2_000)
    }

    /// `#expect` cannot call what mutates.
    private static func received(
        _ frame: FrameHead,
        by floodGuard: inout FloodGuard,
        at now: NIODeadline
    ) -> FloodGuard.Verdict {
        floodGuard.received(frame, now: now)
    }
}
