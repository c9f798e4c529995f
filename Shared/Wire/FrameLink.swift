internal import Contracts
internal import NIOCore
internal import NIOSSL
internal import NIOTLS

/// What a connection does with the frames of its link. All calls come on the link's event loop.
protocol FrameLinkDelegate: AnyObject, SendableMetatype {
    /// The transport is ready; under TLS with the DNS names of the peer's certificate.
    func linkConnected(certificateNames: [String]?)
    func linkReceived(_ frame: Frame)
    /// The peer has proved who it is.
    var linkIsOpen: Bool { get }
    /// The link is closing or closed; called once.
    func linkClosed()
}

/// Moves frames over one channel: cuts what arrives, writes what one loop turn sends at once, watches that the peer lives.
final class FrameLink<Delegate: FrameLinkDelegate>: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let limits: WireLimits
    private let usesTLS: Bool
    /// Only a server does: were both ends to stop reading until the other reads, neither ever would.
    private let readsOnlyWhenWritable: Bool
    /// Set when the channel is made; emptied when it is gone, which also ends the cycle of the two.
    var delegate: Delegate?
    private var context: ChannelHandlerContext?
    private var decoder: FrameDecoder
    private var liveness: Liveness
    private var tick: RepeatedTask?
    private var outgoing: [UInt8] = []
    private var isReading = false
    private var isFlushScheduled = false
    private var isConnected = false
    private var isClosing = false

    init(limits: WireLimits, usesTLS: Bool, readsOnlyWhenWritable: Bool) {
        self.limits = limits
        self.usesTLS = usesTLS
        self.readsOnlyWhenWritable = readsOnlyWhenWritable
        self.decoder = FrameDecoder(limits: limits)
        self.liveness = Liveness(limits: limits, now: .now())
    }

    /// How long a closed link still discards what arrives, so that the peer can read why.
    private static var closeLinger: TimeAmount { .milliseconds(250) }

    // MARK: - Sending

    /// Queues a frame; it leaves with all others of this loop turn.
    ///
    /// - Returns: false when it is larger than a frame may be; then nothing is queued.
    @discardableResult
    func send(_ head: Head, body: [UInt8] = []) -> Bool {
        guard let context, !self.isClosing else { return true }
        guard FrameEncoder.append(head, body: body, to: &self.outgoing, limits: self.limits) else { return false }
        if !self.isReading && !self.isFlushScheduled {
            self.isFlushScheduled = true
            let link = NIOLoopBound(self, eventLoop: context.eventLoop)
            context.eventLoop.execute { link.value.flush() }
        }
        return true
    }

    /// Accepts frames of the full size from now on.
    func peerIsKnown() {
        self.decoder.frameBytesMax = self.limits.frameBytesMax
    }

    /// Says why, when there is a reason, and closes.
    func close(_ reason: CloseHead?) {
        guard let context, !self.isClosing else { return }
        if let reason { self.send(.close(reason)) }
        self.isClosing = true
        self.flush()
        self.tick?.cancel()
        self.endDelegate()
        guard reason != nil else {
            context.close(promise: nil)
            return
        }
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.closeLinger) { channel.close(promise: nil) }
    }

    private func flush() {
        self.isFlushScheduled = false
        guard let context, !self.outgoing.isEmpty else { return }
        let buffer = context.channel.allocator.buffer(bytes: self.outgoing)
        self.outgoing.removeAll(keepingCapacity: self.outgoing.capacity <= self.limits.headBytesMax * 16)
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // From here on, so that a peer that never finishes its TLS handshake is let go too.
        let interval = TimeAmount(self.limits.pingInterval)
        let link = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.tick = context.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            link.value.look()
        }
        if context.channel.isActive && !self.usesTLS { self.connected(certificateNames: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.gone()
    }

    func channelActive(context: ChannelHandlerContext) {
        if !self.usesTLS { self.connected(certificateNames: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.gone()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if self.usesTLS, case .handshakeCompleted? = event as? TLSUserEvent {
            let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLHandler.self)
            self.connected(certificateNames: tls?.peerCertificate?.dnsNames ?? [])
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isClosing else { return }
        self.isReading = true
        self.liveness.heard(at: .now())
        self.unwrapInboundIn(data).withUnsafeReadableBytes { self.decoder.push($0) }
        do throws(FrameFault) {
            while !self.isClosing, let frame = try self.decoder.next() {
                self.delegate?.linkReceived(frame)
            }
        } catch {
            self.close(CloseHead(error.code, error.detail))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        self.liveness.writable(isWritable, at: .now())
        // A peer that does not read our answers gets no more calls read.
        if self.readsOnlyWhenWritable {
            context.channel.setOption(.autoRead, value: isWritable).whenFailure { _ in }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func connected(certificateNames: [String]?) {
        guard !self.isConnected else { return }
        self.isConnected = true
        self.delegate?.linkConnected(certificateNames: certificateNames)
    }

    private func look() {
        switch self.liveness.tick(isOpen: self.delegate?.linkIsOpen ?? false, at: .now()) {
        case .nothing: break
        case .ping: self.send(.ping)
        case .close(let reason): self.close(reason)
        }
    }

    private func gone() {
        self.isClosing = true
        self.tick?.cancel()
        self.tick = nil
        self.context = nil
        self.endDelegate()
    }

    private func endDelegate() {
        let delegate = self.delegate
        self.delegate = nil
        delegate?.linkClosed()
    }
}

extension NIOSSLCertificate {
    /// The DNS names for which the certificate was made.
    var dnsNames: [String] {
        self._subjectAlternativeNames().compactMap { name in
            guard name.nameType == .dnsName else { return nil }
            return name.contents.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
        }
    }
}
