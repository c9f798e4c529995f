/// Every limit of the wire protocol, by name and unit.
///
/// `PROTOCOL.md` states the standard values; both ends of an installation use them. Tests pass smaller ones.
public struct WireLimits: Hashable, Sendable {
    /// The largest value of a frame's `length` field. Files go to object storage, not through a frame.
    public var frameBytesMax = 1 << 20
    /// The largest `head_length`.
    public var headBytesMax = 16 << 10
    /// The largest `length` before both sides have proved who they are: a stranger may not make us buffer a mebibyte.
    public var handshakeFrameBytesMax = 4 << 10
    /// Calls a connection may have running; one more is answered `unavailable`.
    public var callsPerConnectionMax = 1_024
    /// The most items a stream's reader may have granted and not yet received.
    public var streamCreditMax: UInt32 = 1_024
    /// How long a peer may take from connecting to its verified proof.
    public var helloTimeout: Duration = .seconds(5)
    /// How often a connection looks at its peer, and pings it when it was silent since the last look.
    public var pingInterval: Duration = .seconds(2)
    /// A peer that was silent for this long is dead. With `pingInterval` it dies at most 10 s after its last byte.
    public var deadPeer: Duration = .seconds(8)
    /// Bytes waiting for a slow reader before we stop reading from it.
    public var writeBufferBytesMax = 1 << 20
    /// What a client keeps of the deadline it was given, for the way back.
    public var deadlineMargin: Duration = .milliseconds(5)

    /// The values of `PROTOCOL.md`.
    public static let standard = WireLimits()

    public init() {}
}

extension WireLimits {
    /// The only version spoken today; it is the value of a hello's `version`.
    public static let protocolVersion: UInt32 = 1
    /// Members of a call's `parameters`.
    public static let parametersMax = 128
    /// Members of a head that this version does not know.
    public static let unknownFieldsMax = 32
    /// Nesting of values that this version skips.
    public static let depthMax = 8
    /// Bytes of a hello's nonce (its text is twice as long).
    public static let nonceBytes = 32
}
