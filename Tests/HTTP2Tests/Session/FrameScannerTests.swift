internal import Testing

@testable internal import HTTP2

struct FrameScannerTests {
    /// Preface, SETTINGS, HEADERS without END_HEADERS and its CONTINUATION, DATA of 3 bytes, PRIORITY (9 behind 7),
    /// PRIORITY too short to say, the head of a PING.
    private static let bytes: [UInt8] =
        ProtocolSelector.preface
        + [0, 0, 0, 4, 0, 0, 0, 0, 0]
        + [0, 0, 1, 1, 1, 0, 0, 0, 1, 0x82]
        + [0, 0, 2, 9, 4, 0x80, 0, 0, 1, 0x86, 0x84]
        + [0, 0, 3, 0, 1, 0, 1, 2, 3, 7, 7, 7]
        + [0, 0, 5, 2, 0, 0, 0, 0, 9, 0x80, 0, 0, 7, 255]
        + [0, 0, 4, 2, 0, 0, 0, 0, 9, 0, 0, 0, 7]
        + [0, 0, 8, 6, 0, 0, 0, 0, 0]

    private static let heads = [
        FrameHead(length: 0, type: 4, flags: 0, stream: 0),
        FrameHead(length: 1, type: 1, flags: 1, stream: 1),
        FrameHead(length: 2, type: 9, flags: 4, stream: 1, isWithinHeaderBlock: true),
        FrameHead(length: 3, type: 0, flags: 1, stream: 0x010203),
        FrameHead(length: 5, type: 2, flags: 0, stream: 9, dependency: 7),
        FrameHead(length: 4, type: 2, flags: 0, stream: 9),
        FrameHead(length: 8, type: 6, flags: 0, stream: 0),
    ]

    @Test(arguments: [1, 2, 3, 7, 9, 24, 1_000])
    func `Frames are found however the bytes are cut`(size: Int) {
        var scanner = FrameScanner(prefaceBytes: 24)
        var found: [FrameHead] = []
        var rest = Self.bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(size)
            rest = rest.dropFirst(size)
            piece.withUnsafeBytes { bytes in
                scanner.scan(bytes) { frame in
                    found.append(frame)
                    return true
                }
            }
        }
        #expect(found == Self.heads)
        #expect(scanner.sequence == 6)
        #expect(scanner.isHeadOpen, "the PING's payload is still to come")
    }

    @Test(arguments: [
        (0, true), (23, true), (24, false), (25, true), (33, false), (43, true), (52, true), (54, false),
        // DATA has a rule of its own: its payload may come slowly.
        (63, false), (64, false), (66, false), (67, true), (75, true), (79, true), (80, false),
        (92, true), (93, false), (102, true),
    ])
    func `It knows when something has begun that must soon end`(count: Int, isOpen: Bool) {
        var scanner = FrameScanner(prefaceBytes: 24)
        Self.bytes.prefix(count).withUnsafeBytes { scanner.scan($0) { _ in true } }
        #expect(scanner.isHeadOpen == isOpen)
    }

    @Test func `It stops where it is told to`() {
        var scanner = FrameScanner(prefaceBytes: 24)
        var count = 0
        Self.bytes.withUnsafeBytes { bytes in
            scanner.scan(bytes) { _ in
                count += 1
                return count < 2
            }
        }
        #expect(count == 2)
    }
}
