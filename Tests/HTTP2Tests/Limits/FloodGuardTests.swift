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
        var count = 0
        while count < 1_000, floodGuard.received(frame, now: self.now) == .allowed { count += 1 }
        return count
    }

    @Test(arguments: [
        (FrameHead.priority, 5, UInt8(0), 200), (FrameHead.ping, 8, 0, 200), (FrameHead.windowUpdate, 4, 0, 200),
        (FrameHead.data, 0, 0, 200), (FrameHead.settings, 0, 0, 40), (FrameHead.resetStream, 4, 0, 40),
        (FrameHead.data, 0, FrameHead.endStream, 1_000), (FrameHead.data, 1, 0, 1_000),
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

    @Test func `Resets we send and invalid headers are the client's expense`() {
        var floodGuard = FloodGuard(HTTPLimits(), now: self.now)
        let verdicts = (0..<41).map { index in
            index % 2 == 0 ? floodGuard.sentReset(now: self.now) : floodGuard.invalidHeader(now: self.now)
        }
        #expect(verdicts.dropLast().allSatisfy { $0 == .allowed })
        #expect(verdicts.last == .flood)
    }

    @Test func `A stream id that was passed over may not be used later`() {
        var floodGuard = FloodGuard(HTTPLimits(), now: self.now)
        let verdicts = [1, 3, 9, 11, 9, 3, 5].map { id in
            floodGuard.received(Self.head(FrameHead.headers, length: 1, stream: id), now: self.now)
        }
        // Trailers on 9 and 3 are fine; 5 was never opened.
        #expect(verdicts == [.allowed, .allowed, .allowed, .allowed, .allowed, .allowed, .backwardsStream])
    }
}
