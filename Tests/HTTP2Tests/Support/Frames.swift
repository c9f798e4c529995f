@testable internal import HTTP2

/// Frames written by hand, as a client would not.
enum Frames {
    static let preface = ProtocolSelector.preface
    static let settings = Self.frame(FrameHead.settings)

    static func frame(_ type: UInt8, flags: UInt8 = 0, stream: Int32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let length = payload.count
        let id = UInt32(bitPattern: stream)
        return [UInt8(length >> 16), UInt8(length >> 8 & 0xff), UInt8(length & 0xff), type, flags]
            + [UInt8(id >> 24), UInt8(id >> 16 & 0xff), UInt8(id >> 8 & 0xff), UInt8(id & 0xff)] + payload
    }

    /// A literal field without indexing, lengths below 127 only for the name.
    static func field(_ name: String, _ value: String) -> [UInt8] {
        [0x00, UInt8(name.utf8.count)] + name.utf8 + Self.length(value.utf8.count) + value.utf8
    }

    /// `GET / http` with an authority, from the static table where it can be.
    static func block(method: UInt8 = 0x82, _ fields: [(String, String)] = []) -> [UInt8] {
        [method, 0x86, 0x84, 0x01, 9] + "localhost".utf8 + fields.flatMap { Self.field($0.0, $0.1) }
    }

    static func get(_ stream: Int32, _ fields: [(String, String)] = []) -> [UInt8] {
        Self.frame(FrameHead.headers, flags: 0x5, stream: stream, Self.block(fields))
    }

    /// A POST whose body is to follow.
    static func post(_ stream: Int32, _ fields: [(String, String)] = []) -> [UInt8] {
        Self.frame(FrameHead.headers, flags: 0x4, stream: stream, Self.block(method: 0x83, fields))
    }

    static func data(_ stream: Int32, _ bytes: [UInt8], end: Bool = false) -> [UInt8] {
        Self.frame(FrameHead.data, flags: end ? 1 : 0, stream: stream, bytes)
    }

    static func reset(_ stream: Int32) -> [UInt8] {
        Self.frame(FrameHead.resetStream, stream: stream, [0, 0, 0, 8])
    }

    static func windowUpdate(_ stream: Int32, _ bytes: UInt8) -> [UInt8] {
        Self.frame(FrameHead.windowUpdate, stream: stream, [0, 0, 0, bytes])
    }

    private static func length(_ count: Int) -> [UInt8] {
        guard count >= 127 else { return [UInt8(count)] }
        var rest = count - 127
        var bytes: [UInt8] = [0x7f]
        while rest >= 128 {
            bytes.append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

/// A frame the server has sent.
struct SentFrame: Hashable {
    let head: FrameHead
    let payload: [UInt8]

    static func parse(_ bytes: [UInt8]) -> [SentFrame] {
        var frames: [SentFrame] = []
        var rest = bytes[...]
        while rest.count >= 9 {
            let h = [UInt8](rest.prefix(9))
            let length = Int(h[0]) << 16 | Int(h[1]) << 8 | Int(h[2])
            let stream = Int32(h[5]) << 24 | Int32(h[6]) << 16 | Int32(h[7]) << 8 | Int32(h[8])
            let payload = [UInt8](rest.dropFirst(9).prefix(length))
            frames.append(
                SentFrame(head: FrameHead(length: length, type: h[3], flags: h[4], stream: stream), payload: payload)
            )
            rest = rest.dropFirst(9 + length)
        }
        return frames
    }

    /// The error code of a GOAWAY.
    var goAwayCode: UInt8? { self.head.type == 7 ? self.payload[7] : nil }
}
