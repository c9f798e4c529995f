internal import NIOCore
internal import Testing

@testable internal import HTTP2

struct MutatedFramesTests {
    /// SplitMix64: the same bytes for the same seed.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state &+= 0x9e37_79b9_7f4a_7c15
            var z = self.state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            return z ^ (z >> 31)
        }
    }

    /// Good frames, and a few bytes of them changed.
    private static func frames(_ generator: inout Generator) -> [UInt8] {
        let choices: [[UInt8]] = [
            Frames.get(1), Frames.post(3, [("a", "b")]), Frames.data(3, [1, 2, 3]), Frames.data(3, [], end: true),
            Frames.reset(1), Frames.windowUpdate(0, 9), Frames.settings, Frames.get(5, [("a_b", "c")]),
            Frames.frame(FrameHead.ping, [1, 2, 3, 4, 5, 6, 7, 8]), Frames.frame(7, [0, 0, 0, 1, 0, 0, 0, 0]),
        ]
        var bytes = (0..<8).flatMap { _ in choices.randomElement(using: &generator) ?? [] }
        for _ in 0..<Int.random(in: 0...4, using: &generator) {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            bytes[place] = UInt8.random(in: 0...255, using: &generator)
        }
        return bytes
    }

    @Test(arguments: 0..<20)
    func `Whatever bytes come, the connection answers or ends`(seed: UInt64) throws {
        var generator = Generator(state: seed)
        for _ in 0..<100 {
            let server = try EmbeddedServer()
            try server.send(Frames.preface + Frames.settings)
            try server.send(Self.frames(&generator))
            _ = try server.advance(.seconds(75))
            #expect(!server.isActive, "seed \(seed)")
            #expect(server.core.counters.statistics.requestsRunning == 0)
            server.close()
        }
    }
}
