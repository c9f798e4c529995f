internal import NIOCore
internal import NIOEmbedded

/// Gives a server's connection whatever libFuzzer makes up, cut anywhere, without a socket and on a clock of its own.
///
/// However it is cut, the connection ends when its times are over, nothing of its requests stays behind, and what it writes are whole
/// frames that any peer takes. The input's first byte says how the handler answers and whether the preface comes by itself, the
/// second how long a piece is; the rest is what the peer sends.
@c(LLVMFuzzerTestOneInput)
public func fuzzHTTP2Server(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = UnsafeRawBufferPointer(start: start, count: count)
    guard input.count > 2 else { return 0 }
    let connection = FuzzedConnection(way: input[0])
    var rest = UnsafeRawBufferPointer(rebasing: input.dropFirst(2))
    let pieceBytes = input[1] == 0 ? rest.count : Int(input[1])
    while !rest.isEmpty {
        connection.receive(UnsafeRawBufferPointer(rebasing: rest.prefix(pieceBytes)))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(pieceBytes))
    }
    connection.end()
    return 0
}

/// What the first byte of an input chooses.
private struct Way: OptionSet {
    let rawValue: UInt8
    /// The input begins with its own first bytes: HTTP/1.1, half a preface, anything.
    static let isBare = Way(rawValue: 1)
    /// Requests are answered when everything has come, and not at once.
    static let isLate = Way(rawValue: 2)
    /// Responses are larger than any window.
    static let isLarge = Way(rawValue: 4)
    /// The handler forgets every request.
    static let isForgetful = Way(rawValue: 8)
    /// The peer takes nothing while it sends.
    static let isUnread = Way(rawValue: 16)
    /// The server drains halfway.
    static let isDraining = Way(rawValue: 32)
}

private final class FuzzedConnection {
    private let way: Way
    private let channel = EmbeddedChannel()
    private let core: ServerCore
    private let handler: FuzzedHandler
    private var written = WrittenFrames()
    private var pieces = 0

    init(way: UInt8) {
        self.way = Way(rawValue: way)
        self.handler = FuzzedHandler(way: self.way)
        var limits = HTTPLimits()
        // Looking at the times four times a second would be most of what an execution does.
        limits.sweepInterval = .seconds(10)
        self.core = ServerCore(HTTPServerConfiguration(cleartext: [], limits: limits), handler: self.handler)
        expectNoThrow {
            let selector = ProtocolSelector(core: self.core, isTLS: false)
            try self.channel.pipeline.syncOperations.addHandler(selector)
            try self.channel.connect(to: SocketAddress(ipAddress: "192.0.2.1", port: 1)).wait()
        }
        if !self.way.contains(.isBare) {
            (ProtocolSelector.preface + [0, 0, 0, 4, 0, 0, 0, 0, 0]).withUnsafeBytes { self.receive($0) }
        }
        if self.way.contains(.isUnread) { self.setWritable(false) }
    }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        self.pieces += 1
        if self.way.contains(.isDraining), self.pieces == 4 {
            self.core.beginDrain()
            self.channel.pipeline.fireUserInboundEventTriggered(DrainEvent())
        }
        // What comes after the end is an error of the channel and none of ours.
        _ = try? self.channel.writeInbound(ByteBuffer(bytes: bytes))
        self.turn()
    }

    /// The peer falls silent, and every time that a connection may take runs out.
    func end() {
        self.setWritable(true)
        self.turn()
        // What was pipelined behind a request begins when that is answered.
        while self.handler.answerAll() { self.turn() }
        for _ in 0..<10 { self.turn(after: .seconds(15)) }
        precondition(!self.channel.isActive, "the connection outlives its times")
        _ = try? self.channel.finish(acceptAlreadyClosed: true)
        let statistics = self.core.counters.statistics
        precondition(statistics.requestsRunning == 0, "a request outlives its connection")
        precondition(
            statistics.requests <= self.core.limits.requestsPerConnectionMax,
            "more requests than a connection has"
        )
    }

    private func setWritable(_ isWritable: Bool) {
        self.channel.isWritable = isWritable
        self.channel.pipeline.fireChannelWritabilityChanged()
    }

    private func turn(after time: TimeAmount = .zero) {
        if time > .zero {
            self.channel.embeddedEventLoop.advanceTime(by: time)
        } else {
            self.channel.embeddedEventLoop.run()
        }
        expectNoThrow {
            while let buffer = try self.channel.readOutbound(as: ByteBuffer.self) {
                if !self.way.contains(.isBare) { self.written.take(buffer.readableBytesView) }
            }
        }
    }
}

/// Answers at once, later, or never. Used on one thread.
private final class FuzzedHandler: HTTPHandler, @unchecked Sendable {  // The embedded loop has no other thread.
    private static let largeBytes = 100_000
    private let way: Way
    private var waiting: [HTTPResponder] = []

    init(way: Way) { self.way = way }

    func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
        precondition(!request.method.isEmpty && !request.target.isEmpty, "a request without its pseudo-fields")
        precondition(
            !request.fields.contains { $0.value.utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 } },
            "a field with another in it"
        )
        if self.way.contains(.isForgetful) { return }
        if self.way.contains(.isLate) { return self.waiting.append(responder) }
        self.answer(responder)
    }

    /// False when nobody waits.
    func answerAll() -> Bool {
        let waiting = self.waiting
        self.waiting = []
        for responder in waiting { self.answer(responder) }
        return !waiting.isEmpty
    }

    private func answer(_ responder: HTTPResponder) {
        let body = [UInt8](repeating: 120, count: self.way.contains(.isLarge) ? Self.largeBytes : 2)
        responder.send(status: 200, fields: [HTTPField("content-type", "text/plain")], body: body)
    }
}

/// What the server writes: whole frames, none larger than a peer that has said nothing takes.
private struct WrittenFrames {
    private static let payloadBytesMax = 16_384
    private var head: [UInt8] = []
    private var payloadLeft = 0

    mutating func take(_ bytes: ByteBufferView) {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            if self.payloadLeft > 0 {
                let taken = min(self.payloadLeft, bytes.count)
                self.payloadLeft -= taken
                bytes = bytes.dropFirst(taken)
            } else {
                self.head.append(bytes.removeFirst())
                guard self.head.count == 9 else { continue }
                self.payloadLeft = Int(self.head[0]) << 16 | Int(self.head[1]) << 8 | Int(self.head[2])
                precondition(
                    self.payloadLeft <= Self.payloadBytesMax && self.head[3] <= 9,
                    "the server wrote what is no frame"
                )
                self.head = []
            }
        }
    }
}

private func expectNoThrow(_ body: () throws -> Void) {
    do { try body() } catch { preconditionFailure("\(error)") }
}
