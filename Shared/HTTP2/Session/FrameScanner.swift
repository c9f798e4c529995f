/// The head of an HTTP/2 frame.
struct FrameHead: Hashable, Sendable {
    var length: Int
    var type: UInt8
    var flags: UInt8
    var stream: Int32

    static let headBytes = 9

    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let resetStream: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9

    static let endStream: UInt8 = 0x1
    static let acknowledgement: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4
}

/// Follows the frame boundaries of a connection without reading the frames.
///
/// nghttp2 reports frames once they are complete and valid, and some not at all. Limits need all of them, and need to
/// know of one that has begun and does not end.
struct FrameScanner: Sendable {
    /// Bytes of the connection preface still to come before the first frame.
    private var prefaceLeft: Int
    private var head: (UInt64, UInt64) = (0, 0)
    private var headBytes = 0
    private var payloadLeft = 0
    private var type: UInt8 = 0
    /// A HEADERS frame without END_HEADERS has come, and its last CONTINUATION has not.
    private(set) var isHeaderBlockOpen = false
    /// Counts frames as they begin, a header block and its continuations as one.
    private(set) var sequence = 0

    init(prefaceBytes: Int) {
        self.prefaceLeft = prefaceBytes
    }

    /// Something has begun that must end soon: a header block, or a frame other than DATA.
    var isHeadOpen: Bool {
        if self.isHeaderBlockOpen || self.headBytes > 0 || self.prefaceLeft > 0 { return true }
        return self.payloadLeft > 0 && self.type != FrameHead.data
    }

    /// Tells of each frame as its head is complete. Ends early when `frame` returns false.
    mutating func scan(_ bytes: UnsafeRawBufferPointer, _ frame: (FrameHead) -> Bool) {
        var offset = 0
        while offset < bytes.count {
            let skipped = min(max(self.prefaceLeft, self.payloadLeft), bytes.count - offset)
            if skipped > 0 {
                offset += skipped
                if self.prefaceLeft > 0 { self.prefaceLeft -= skipped } else { self.payloadLeft -= skipped }
                continue
            }
            self.appendHead(bytes[offset])
            offset += 1
            if self.headBytes == FrameHead.headBytes, !frame(self.takeHead()) { return }
        }
    }

    private mutating func appendHead(_ byte: UInt8) {
        if self.headBytes == 0 && !self.isHeaderBlockOpen { self.sequence += 1 }
        if self.headBytes < 8 {
            self.head.0 = self.head.0 << 8 | UInt64(byte)
        } else {
            self.head.1 = UInt64(byte)
        }
        self.headBytes += 1
    }

    private mutating func takeHead() -> FrameHead {
        let (high, low) = self.head
        let stream = (high << 8 | low) & 0x7fff_ffff
        let head = FrameHead(
            length: Int(high >> 40),
            type: UInt8(truncatingIfNeeded: high >> 32),
            flags: UInt8(truncatingIfNeeded: high >> 24),
            stream: Int32(truncatingIfNeeded: stream)
        )
        self.headBytes = 0
        self.payloadLeft = head.length
        self.type = head.type
        if head.type == FrameHead.headers || head.type == FrameHead.continuation {
            self.isHeaderBlockOpen = head.flags & FrameHead.endHeaders == 0
        }
        return head
    }
}
