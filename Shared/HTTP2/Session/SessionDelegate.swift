/// What a session tells its connection. Called during `receive` and `send`: submitting is allowed, sending is not.
protocol SessionDelegate: AnyObject {
    /// A request or response head begins, or a second header block on a stream (trailers, or the head after a 1xx).
    func headBegan(_ stream: Int32)
    /// Asked for each field, before its strings are made.
    func takesField(_ stream: Int32, bytes: Int) -> FieldVerdict
    func field(_ stream: Int32, name: String, value: String)
    /// A field that is no valid HTTP; nghttp2 resets its stream, or drops the field.
    func invalidField(_ stream: Int32)
    /// A frame for which nghttp2 resets its stream or ends the connection; not called for a stream beyond the limit.
    func invalidFrame(_ stream: Int32)
    func headEnded(_ stream: Int32, endStream: Bool)
    func bodyArrived(_ stream: Int32, _ bytes: UnsafeRawBufferPointer)
    func bodyEnded(_ stream: Int32)
    func streamClosed(_ stream: Int32, code: UInt32)
    func sent(_ frame: FrameHead)
    /// Fills in the next bytes of a stream's body.
    func readBody(_ stream: Int32, into target: UnsafeMutableRawBufferPointer) -> OutboundBody.Read
    func wentAway(lastStream: Int32, code: UInt32)
}

enum FieldVerdict: Hashable, Sendable {
    case take
    /// Decoded for the compression state's sake, and forgotten.
    case skip
    /// The rest of the block is not even checked, and its stream is reset.
    case abort
}

/// The library refused to go on; the connection is lost.
struct SessionFault: Error, Hashable, Sendable, CustomStringConvertible {
    let code: Int32
    /// More of something than nghttp2 was told to take: answers the peer does not read, CONTINUATION frames.
    let isFlood: Bool
    let description: String
}

/// HTTP/2 error codes (RFC 9113, section 7).
enum HTTP2Code {
    static let noError: UInt32 = 0x0
    static let protocolError: UInt32 = 0x1
    static let internalError: UInt32 = 0x2
    static let streamClosed: UInt32 = 0x5
    static let refusedStream: UInt32 = 0x7
    static let cancel: UInt32 = 0x8
    static let enhanceYourCalm: UInt32 = 0xb
}
