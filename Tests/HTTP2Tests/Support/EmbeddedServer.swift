internal import NIOCore
internal import NIOEmbedded
internal import Synchronization
internal import TestKit
internal import Testing

@testable internal import HTTP2

/// One server connection without a socket, on a clock that the test turns.
struct EmbeddedServer {
    let channel = EmbeddedChannel()
    let core: ServerCore

    init(_ handler: any HTTPHandler = Answering(), limits: HTTPLimits = HTTPLimits(), isTLS: Bool = false) throws {
        self.core = ServerCore(HTTPServerConfiguration(cleartext: [], limits: limits), handler: handler)
        _ = self.core.limiter.withLock { $0.connect(from: "192.0.2.1", handshake: isTLS) }
        try self.channel.pipeline.syncOperations.addHandler(ProtocolSelector(core: self.core, isTLS: isTLS))
        try self.channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
    }

    var isActive: Bool { self.channel.isActive }

    func run() {
        self.channel.embeddedEventLoop.run()
    }

    /// Sends, lets the loop run, and gives what came back.
    @discardableResult
    func send(_ bytes: [UInt8]) throws -> [UInt8] {
        try self.channel.writeInbound(ByteBuffer(bytes: bytes))
        self.channel.embeddedEventLoop.run()
        return try self.received()
    }

    func sendFrames(_ bytes: [UInt8]) throws -> [SentFrame] {
        SentFrame.parse(try self.send(bytes))
    }

    func received() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }

    func advance(_ time: TimeAmount) throws -> [UInt8] {
        self.channel.embeddedEventLoop.advanceTime(by: time)
        return try self.received()
    }

    /// Whether the peer takes what is written.
    func setWritable(_ isWritable: Bool) {
        self.channel.isWritable = isWritable
        self.channel.pipeline.fireChannelWritabilityChanged()
    }

    func text(_ request: String) throws -> String {
        String(decoding: try self.send([UInt8](request.utf8)), as: UTF8.self)
    }

    func refusals(_ reason: HTTPRefusal) -> Int {
        self.core.counters.statistics.refusals[reason, default: 0]
    }

    func close() {
        _ = try? self.channel.finish(acceptAlreadyClosed: true)
    }
}

/// Answers at once: 200, and the method, target and body's size as text.
struct Answering: HTTPHandler {
    func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        let text = "\(request.method) \(request.target) \(request.body.count)"
        responder.send(status: 200, fields: [HTTPField("content-type", "text/plain")], body: [UInt8](text.utf8))
    }
}

/// Keeps each request and its responder until the test answers.
final class Holding: HTTPHandler {
    private let held = Mutex<[(HTTPRequest, HTTPResponder)]>([])

    func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        self.held.withLock { $0.append((request, responder)) }
    }

    var count: Int { self.held.withLock { $0.count } }

    func take() -> (HTTPRequest, HTTPResponder)? {
        self.held.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }

    /// The next request, or the next to `target` when one is named.
    func next(to target: String? = nil) async throws -> (HTTPRequest, HTTPResponder) {
        var found: (HTTPRequest, HTTPResponder)?
        try await eventually("a request to \(target ?? "any target")") {
            found = self.take()
            if let target, found?.0.target != target { found = nil }
            return found != nil
        }
        return try #require(found)
    }
}
