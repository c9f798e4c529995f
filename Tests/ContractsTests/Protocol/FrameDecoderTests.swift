internal import Contracts
internal import Testing

struct FrameDecoderTests {
    static let ping = Array(#"{"kind":"ping"}"#.utf8)
    static let pingFrame: [UInt8] = [0, 0, 0, 19, 0, 0, 0, 15] + Self.ping

    static func decoder(_ bytes: [UInt8]) -> FrameDecoder {
        var decoder = FrameDecoder(frameBytesMax: 1 << 20, headBytesMax: 16 << 10)
        decoder.push(bytes)
        return decoder
    }

    /// The macro cannot call a mutating function itself.
    static func next(_ decoder: inout FrameDecoder) throws(FrameFault) -> Frame? {
        try decoder.next()
    }

    @Test("a frame is its lengths, its head and its body")
    func encode() {
        var bytes: [UInt8] = []
        #expect(FrameEncoder.append(.ping, body: [1, 2, 3], to: &bytes))
        #expect(bytes == [0, 0, 0, 22, 0, 0, 0, 15] + Self.ping + [1, 2, 3])
    }

    @Test("a frame beyond the limits is not written, and what was there stays")
    func encodeTooLarge() {
        var limits = WireLimits.standard
        limits.frameBytesMax = 30
        var bytes: [UInt8] = [9]
        #expect(!FrameEncoder.append(.ping, body: Array(repeating: 0, count: 12), to: &bytes, limits: limits))
        #expect(bytes == [9])
        #expect(FrameEncoder.append(.ping, body: Array(repeating: 0, count: 11), to: &bytes, limits: limits))
        limits.headBytesMax = 10
        #expect(!FrameEncoder.append(.ping, to: &bytes, limits: limits))
    }

    @Test("frames come out one by one, and bytes of the next wait")
    func several() throws {
        var decoder = Self.decoder(Self.pingFrame + Self.pingFrame + [0, 0])
        #expect(try Self.next(&decoder) == Frame(.ping))
        #expect(try Self.next(&decoder) == Frame(.ping))
        #expect(try Self.next(&decoder) == nil)
        #expect(decoder.pending == 2)
    }

    @Test("one byte at a time makes the same frames")
    func byteByByte() throws {
        var bytes: [UInt8] = []
        let frames = HeadExamples.all.map { Frame($0.0, body: Array($0.1.utf8)) }
        for frame in frames { FrameEncoder.append(frame.head, body: frame.body, to: &bytes) }
        var decoder = Self.decoder([])
        var found: [Frame] = []
        for byte in bytes {
            decoder.push([byte])
            while let frame = try decoder.next() { found.append(frame) }
        }
        #expect(found == frames)
        #expect(decoder.pending == 0)
    }

    static let refused: [([UInt8], CloseCode)] = [
        ([0, 0, 0, 0], .frameLength),
        ([0, 0, 0, 5], .frameLength),
        ([0, 0x10, 0, 1], .frameLength),
        ([0xff, 0xff, 0xff, 0xff], .frameLength),
        ([0, 0, 0, 19, 0, 0, 0, 0], .headLength),
        ([0, 0, 0, 19, 0, 0, 0, 16], .headLength),
        ([0, 0, 0, 19, 0xff, 0xff, 0xff, 0xff], .headLength),
        ([0, 0x10, 0, 0, 0, 0, 0x40, 1], .headLength),
        ([0, 0, 0, 19, 0, 0, 0, 14] + Self.ping, .headInvalid),
        ([0, 0, 0, 6, 0, 0, 0, 2, 0x7b, 0x7d], .headInvalid),
    ]

    @Test("bad lengths are refused as soon as they are known, before what they promise", arguments: Self.refused)
    func refusals(bytes: [UInt8], code: CloseCode) {
        var decoder = Self.decoder(bytes)
        for _ in 0..<2 {
            do throws(FrameFault) {
                let frame = try decoder.next()
                Issue.record("a frame: \(String(describing: frame))")
            } catch {
                #expect(error.code == code)
            }
            #expect(decoder.pending == 0)
            // A stream that lost its place stays lost.
            decoder.push(Self.pingFrame)
        }
    }

    @Test("a truncated head waits for the rest", arguments: 0..<23)
    func truncated(count: Int) throws {
        var decoder = Self.decoder(Array(Self.pingFrame.prefix(count)))
        #expect(try Self.next(&decoder) == nil)
    }

    @Test("the limit is raised once the peer is known")
    func raised() throws {
        var bytes: [UInt8] = []
        FrameEncoder.append(.ping, body: Array(repeating: 0, count: 5_000), to: &bytes)
        var decoder = FrameDecoder(limits: .standard)
        decoder.push(bytes)
        #expect(throws: FrameFault.self) { try Self.next(&decoder) }
        decoder = FrameDecoder(limits: .standard)
        decoder.frameBytesMax = WireLimits.standard.frameBytesMax
        decoder.push(bytes)
        #expect(try Self.next(&decoder)?.body.count == 5_000)
    }

    @Test("mutated frames make frames or faults and nothing else", arguments: 0..<8)
    func mutated(seed: UInt64) {
        var generator = Generator(state: seed)
        var valid: [UInt8] = []
        for (head, text) in HeadExamples.all { FrameEncoder.append(head, body: Array(text.utf8), to: &valid) }
        for _ in 0..<500 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
                    in: .min ... .max,
                    using: &generator
                )
            }
            var decoder = Self.decoder([])
            var index = 0
            do throws(FrameFault) {
                while index < bytes.count {
                    let end = min(bytes.count, index + Int.random(in: 1...200, using: &generator))
                    decoder.push(Array(bytes[index..<end]))
                    index = end
                    while let frame = try decoder.next() {
                        var again: [UInt8] = []
                        HeadEncoder.append(frame.head, to: &again)
                        #expect(try HeadDecoder.decode(again) == frame.head)
                    }
                    #expect(decoder.pending <= index)
                }
            } catch {
                #expect(decoder.pending == 0)
            }
        }
    }

    struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return self.state ^ (self.state >> 29)
        }
    }
}
