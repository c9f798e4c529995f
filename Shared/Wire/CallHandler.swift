public import Contracts

/// What a server does with calls. Handlers run on their connection's event loop and must not block it.
public protocol CallHandler: Sendable {
    /// Answers a call. Its task is cancelled when the caller cancels or the deadline passes.
    func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply

    /// Writes a stream's items and says how it ended. Its task is cancelled as a call's is, and when the server drains.
    func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd

    /// Whether `operation` is answered by `stream` rather than `handle`.
    func isStream(_ operation: String) -> Bool

    /// The hash of the operations served now, told to each peer in the hello.
    var catalogHash: String { get }
}
