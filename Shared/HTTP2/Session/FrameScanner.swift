/// The head of an HTTP/2 frame.
struct FrameHead: Hashable, Sendable {
    var length: Int
    var type: UInt8
    var flags: UInt8
    var stream: Int32
    /// Of a PRIORITY frame: the stream it would have its own wait for.
    var dependency: Int32?
    /// Between HEADERS and the last CONTINUATION.
    var isWithinHeaderBlock = false

    static let headBytes = 9
    /// The dependency, first in a PRIORITY frame's payload.
    static let dependencyBytes = 4
    static let priorityBytes = 5

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

    var endsStream: Bool { self.flags & Self.endStream != 0 }
    var endsHeaders: Bool { self.flags & Self.endHeaders != 0 }
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
            if self.headBytes >= FrameHead.headBytes, self.headBytes == self.headBytesWanted {
                if !frame(self.takeHead()) { return }
            }
        }
    }

    /// A PRIORITY frame is told of with what it depends on, since nghttp2 does not read it where priorities are off.
    private var hasDependency: Bool {
        UInt8(truncatingIfNeeded: self.head.0 >> 32) == FrameHead.priority
            && Int(self.head.0 >> 40) == FrameHead.priorityBytes
    }

    private var headBytesWanted: Int {
        FrameHead.headBytes + (self.hasDependency ? FrameHead.dependencyBytes : 0)
    }

    private mutating func appendHead(_ byte: UInt8) {
        if self.headBytes == 0 && !self.isHeaderBlockOpen { self.sequence += 1 }
        if self.headBytes < 8 {
            self.head.0 = self.head.0 << 8 | UInt64(byte)
        } else {
            self.head.1 = self.head.1 << 8 | UInt64(byte)
        }
        self.headBytes += 1
    }

    private mutating func takeHead() -> FrameHead {
        let (high, low) = self.head
        let dependency = self.hasDependency ? Int32(truncatingIfNeeded: low & 0x7fff_ffff) : nil
        let lastByte = dependency == nil ? low : low >> 32
        let head = FrameHead(
            length: Int(high >> 40),
            type: UInt8(truncatingIfNeeded: high >> 32),
            flags: UInt8(truncatingIfNeeded: high >> 24),
            stream: Int32(truncatingIfNeeded: (high << 8 | lastByte) & 0x7fff_ffff),
            dependency: dependency,
            isWithinHeaderBlock: self.isHeaderBlockOpen
        )
        self.payloadLeft = head.length - (self.headBytes - FrameHead.headBytes)
        self.head = (0, 0)
        self.headBytes = 0
        self.type = head.type
        switch head.type {
        case FrameHead.headers: self.isHeaderBlockOpen = !head.endsHeaders
        case FrameHead.continuation: self.isHeaderBlockOpen = self.isHeaderBlockOpen && !head.endsHeaders
        default: break
        }
        return head
    }
}
