internal import NIOCore
internal import NIOTLS
internal import Synchronization

/// A client's HTTP/2 connection: bytes in and out of the session, one flush a turn of the loop.
final class HTTPClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let writeBytesAtOnce = 64 * 1_024

    /// Readable from any thread.
    final class Status: Sendable {
        private let open = Atomic<Bool>(false)

        var isOpen: Bool { self.open.load(ordering: .acquiring) }

        func set(isOpen: Bool) {
            self.open.store(isOpen, ordering: .releasing)
        }
    }

    let status = Status()
    private let settings: Session.Settings
    private let isTLS: Bool
    private let ready: EventLoopPromise<Void>
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var session: Session?
    private var streams: [Int32: ClientStream] = [:]
    private var outbound = ByteBuffer()
    private var isReady = false
    private var isReading = false
    private var isPumping = false
    private var isPumpScheduled = false

    init(_ settings: Session.Settings, isTLS: Bool, ready: EventLoopPromise<Void>) {
        self.settings = settings
        self.isTLS = isTLS
        self.ready = ready
        self.eventLoop = ready.futureResult.eventLoop
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        if !self.isTLS { self.begin(context) }
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent {
            if negotiated == "h2" {
                self.begin(context)
            } else {
                self.fail(HTTPClientFault(.protocolError, "the server does not offer HTTP/2 (ALPN h2)"))
            }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func begin(_ context: ChannelHandlerContext) {
        do throws(SessionFault) {
            self.session = try Session(.client, self.settings, delegate: self)
        } catch {
            return self.fail(HTTPClientFault(.protocolError, error.description))
        }
        self.isReady = true
        self.status.set(isOpen: true)
        self.pump()
        self.ready.succeed(())
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let session = self.session else { return }
        self.isReading = true
        self.unwrapInboundIn(data).withUnsafeReadableBytes { bytes in
            do throws(SessionFault) {
                try session.receive(bytes)
            } catch {
                self.fail(HTTPClientFault(.protocolError, error.description))
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.pump()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.schedulePump() }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.fail(HTTPClientFault(.connection, "the connection is closed"))
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.fail(HTTPClientFault(.connection, "the connection is closed"))
        self.context = nil
        self.session = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.fail(HTTPClientFault(self.isReady ? .connection : .protocolError, "\(error)"))
    }

    /// Ends the connection and everything on it.
    func fail(_ fault: HTTPClientFault) {
        self.status.set(isOpen: false)
        if !self.isReady {
            self.isReady = true
            self.ready.fail(fault)
        }
        let streams = self.streams
        self.streams = [:]
        for stream in streams.values { stream.fail(fault) }
        self.context?.close(promise: nil)
    }

    // MARK: Requests

    func request(
        pseudoFields: [HTTPField],
        fields: [HTTPField],
        body: [UInt8],
        timeout: TimeAmount?,
        promise: EventLoopPromise<HTTPStreamingResponse>
    ) {
        guard let session = self.session, self.status.isOpen else {
            return promise.fail(HTTPClientFault(.connection, "the connection is closed", isUnprocessed: true))
        }
        let id: Int32
        do throws(SessionFault) {
            id = try session.request(pseudoFields: pseudoFields, fields: fields, hasBody: !body.isEmpty)
        } catch {
            return promise.fail(HTTPClientFault(.connection, error.description, isUnprocessed: true))
        }
        let loop = self.eventLoop
        let bound = NIOLoopBound(self, eventLoop: loop)
        let stream = ClientStream(
            id: id,
            body: body,
            promise: promise,
            consumed: { bytes in loop.execute { bound.value.consumed(id, bytes) } },
            cancelled: { loop.execute { bound.value.cancel(id, nil) } }
        )
        if let timeout {
            stream.deadline = loop.assumeIsolated().scheduleTask(in: timeout) {
                self.cancel(id, HTTPClientFault(.timeout, "no complete response within \(timeout)"))
            }
        }
        self.streams[id] = stream
        self.schedulePump()
    }

    func cancel(_ id: Int32, _ fault: HTTPClientFault?) {
        guard let stream = self.streams.removeValue(forKey: id) else { return }
        stream.fail(fault ?? HTTPClientFault(.reset(code: HTTP2Code.cancel), "cancelled"))
        self.session?.reset(id, HTTP2Code.cancel)
        self.schedulePump()
    }

    func shutdown() {
        guard let context = self.context, let session = self.session else { return }
        session.terminate(HTTP2Code.noError)
        self.pump()
        self.fail(HTTPClientFault(.connection, "closed by the client"))
        context.close(promise: nil)
    }

    private func consumed(_ id: Int32, _ bytes: Int) {
        guard self.streams[id] != nil else { return }
        self.session?.consumeStream(id, bytes)
        self.schedulePump()
    }

    // MARK: Writing

    private func schedulePump() {
        guard !self.isReading, !self.isPumping, !self.isPumpScheduled else { return }
        self.isPumpScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isPumpScheduled = false
            self.pump()
        }
    }

    private func pump() {
        guard let context = self.context, let session = self.session, !self.isPumping else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        do throws(SessionFault) {
            while context.channel.isWritable {
                self.outbound.clear()
                try session.send(into: &self.outbound, bytesMax: Self.writeBytesAtOnce)
                guard self.outbound.readableBytes > 0 else { break }
                context.writeAndFlush(self.wrapOutboundOut(self.outbound), promise: nil)
            }
        } catch {
            return self.fail(HTTPClientFault(.protocolError, error.description))
        }
        if !session.wantsRead && !session.wantsWrite {
            self.fail(HTTPClientFault(.connection, "the connection has ended"))
        }
    }
}

extension HTTPClientHandler: SessionDelegate {
    func headBegan(_ stream: Int32) {}

    func takesField(_ stream: Int32, bytes: Int) -> FieldVerdict {
        self.streams[stream] == nil ? .skip : .take
    }

    func field(_ stream: Int32, name: String, value: String) {
        self.streams[stream]?.field(name, value)
    }

    func invalidField(_ stream: Int32) {}

    func invalidFrame(_ stream: Int32) {}

    func headEnded(_ stream: Int32, endStream: Bool) {
        self.streams[stream]?.headEnded()
        if endStream { self.streams[stream]?.ended() }
    }

    func bodyArrived(_ stream: Int32, _ bytes: UnsafeRawBufferPointer) {
        self.session?.consumeConnection(bytes.count)
        self.streams[stream]?.bodyArrived(bytes)
    }

    func bodyEnded(_ stream: Int32) {
        self.streams[stream]?.ended()
    }

    func streamClosed(_ stream: Int32, code: UInt32) {
        self.streams.removeValue(forKey: stream)?.closed(code)
    }

    func sent(_ frame: FrameHead) {}

    func readBody(_ stream: Int32, into target: UnsafeMutableRawBufferPointer) -> OutboundBody.Read {
        self.streams[stream]?.outbound.read(into: target) ?? .bytes(0, isLast: true)
    }

    func wentAway(lastStream: Int32, code: UInt32) {
        // A shutdown notice names the highest id there is: what runs goes on, new requests need a new connection.
        self.status.set(isOpen: false)
    }
}
