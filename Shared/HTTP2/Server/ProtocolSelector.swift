internal import NIOCore
internal import NIOHTTP1
internal import NIOTLS
internal import Synchronization

/// Finds out what a new connection speaks: by ALPN under TLS, by HTTP/2's 24-byte preface without.
final class ProtocolSelector: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    static let preface = [UInt8]("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private enum State {
        case handshaking
        case sniffing(ByteBuffer)
        case decided
    }

    private let core: ServerCore
    private let isTLS: Bool
    private var state: State
    private var deadline: Scheduled<Void>?

    init(core: ServerCore, isTLS: Bool) {
        self.core = core
        self.isTLS = isTLS
        self.state = isTLS ? .handshaking : .sniffing(ByteBuffer())
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let limits = self.core.limits
        self.expect(
            within: self.isTLS ? limits.tlsHandshakeTimeout : limits.prefaceTimeout,
            else: self.isTLS ? .handshakeTimeout : .prefaceTimeout,
            context
        )
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.endHandshake()
        self.deadline?.cancel()
        self.deadline = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.endHandshake()
        self.deadline?.cancel()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .handshaking = self.state { self.core.counters.refused(.handshakeFailed) }
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let negotiated)? = event as? TLSUserEvent, case .handshaking = self.state {
            self.endHandshake()
            return self.decide(context, isHTTP2: negotiated == "h2", ByteBuffer())
        }
        if event is DrainEvent {
            // Nothing was asked yet.
            return context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .sniffing(var seen) = self.state else { return context.fireChannelRead(data) }
        var buffer = self.unwrapInboundIn(data)
        seen.writeBuffer(&buffer)
        self.state = .sniffing(seen)
        let start = seen.readableBytesView.prefix(Self.preface.count)
        if !Self.preface.starts(with: start) {
            self.decide(context, isHTTP2: false, seen)
        } else if start.count == Self.preface.count {
            self.decide(context, isHTTP2: true, seen)
        }
    }

    private func decide(_ context: ChannelHandlerContext, isHTTP2: Bool, _ seen: ByteBuffer) {
        self.state = .decided
        self.deadline?.cancel()
        let pipeline = context.pipeline.syncOperations
        do {
            if isHTTP2 {
                let handler = HTTP2ServerHandler(core: self.core, isTLS: self.isTLS, eventLoop: context.eventLoop)
                try pipeline.addHandler(handler, position: .after(self))
            } else {
                try HTTP1ServerHandler.add(to: pipeline, after: self, core: self.core, isTLS: self.isTLS)
            }
        } catch {
            return context.close(promise: nil)
        }
        if seen.readableBytes > 0 {
            context.fireChannelRead(self.wrapInboundOut(seen))
            context.fireChannelReadComplete()
        }
        pipeline.removeHandler(self, promise: nil)
    }

    private func expect(within time: TimeAmount, else reason: HTTPRefusal, _ context: ChannelHandlerContext) {
        let channel = context.channel
        let counters = self.core.counters
        self.deadline = context.eventLoop.scheduleTask(in: time) {
            counters.refused(reason)
            channel.close(promise: nil)
        }
    }

    private func endHandshake() {
        guard case .handshaking = self.state else { return }
        self.state = .decided
        self.core.limiter.withLock { $0.handshakeEnded() }
    }
}
