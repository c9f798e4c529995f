internal import NIOCore

/// A server's HTTP/2 connection: bytes in and out of the session, one flush a turn of the loop.
///
/// `HTTP2ServerHandler+Session.swift` turns the session's news into requests, `+Times.swift` watches the clock.
final class HTTP2ServerHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Taken from the session between two looks at the channel's writability.
    private static let writeBytesAtOnce = 64 * 1_024

    let core: ServerCore
    let limits: HTTPLimits
    let eventLoop: any EventLoop
    let isTLS: Bool
    var remoteAddress = ""
    var date = HTTPDate()

    private(set) var context: ChannelHandlerContext?
    private(set) var session: Session?
    private var outbound = ByteBuffer()
    var scanner = FrameScanner(prefaceBytes: 24)
    var floodGuard: FloodGuard

    var streams: [Int32: ServerStream] = [:]
    var handlersRunning = 0
    var requests = 0
    var oversizedHeads = 0
    var bodyBytesBuffered = 0
    var withheldStreams = 0

    var times: ConnectionTimes
    /// Nothing more is read; the last bytes are leaving.
    private(set) var isDeparting = false
    private var isReading = false
    private var isPumping = false
    private var isPumpScheduled = false
    private var isReadHeld = false
    private var isOutputClosed = false

    init(core: ServerCore, isTLS: Bool, eventLoop: any EventLoop) {
        self.core = core
        self.limits = core.limits
        self.isTLS = isTLS
        self.eventLoop = eventLoop
        self.floodGuard = FloodGuard(core.limits, now: eventLoop.now)
        self.times = ConnectionTimes(start: eventLoop.now)
    }

    var now: NIODeadline { self.eventLoop.now }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.remoteAddress = context.channel.remoteAddress?.ipAddress ?? ""
        do {
            let settings = Session.Settings(
                streamsMax: self.limits.streamsPerConnectionMax,
                headerListBytesMax: self.limits.headerListBytesMax,
                streamWindowBytes: self.limits.streamWindowBytes,
                connectionWindowBytes: self.limits.connectionWindowBytes,
                continuationsMax: self.limits.continuationsMax,
                outboundAcksMax: self.limits.outboundAcksMax,
                settingsEntriesMax: self.limits.settingsEntriesMax,
                streamResetsMax: self.limits.streamResetsMax,
                streamResetsPerSecond: self.limits.streamResetsPerSecond
            )
            self.session = try Session(.server, settings, delegate: self)
        } catch {
            return context.close(promise: nil)
        }
        self.scheduleSweep()
        if self.core.isDraining { self.beginDrain() }
        self.schedulePump()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.disconnected()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.disconnected()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A reset, or a fault in TLS: it costs this connection only.
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is DrainEvent { self.beginDrain() }
        context.fireUserInboundEventTriggered(event)
    }

    private func disconnected() {
        guard self.context != nil else { return }
        self.times.sweep?.cancel()
        self.context = nil
        self.isDeparting = true
        let streams = self.streams
        self.streams = [:]
        for stream in streams.values { stream.closed() }
        self.session = nil
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isDeparting, let session = self.session else { return }
        self.isReading = true
        let buffer = self.unwrapInboundIn(data)
        buffer.withUnsafeReadableBytes { bytes in
            guard self.passesGuard(bytes) else { return }
            do throws(SessionFault) {
                try session.receive(bytes)
            } catch {
                // Floods of ACKs, a preface that is none: the session will not take another byte, but says goodbye.
                if error.isFlood {
                    self.farewell(HTTP2Code.enhanceYourCalm, .flood)
                } else {
                    self.farewell(HTTP2Code.protocolError, .protocolError)
                }
            }
        }
        self.times.received(self.scanner, now: self.now)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.pump()
        context.fireChannelReadComplete()
    }

    /// A peer that does not read what we write is not read either.
    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable || self.isDeparting {
            context.read()
        } else {
            self.isReadHeld = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        self.times.writabilityChanged(isWritable, now: self.now)
        if isWritable {
            self.schedulePump()
            if self.isReadHeld {
                self.isReadHeld = false
                context.read()
            }
        }
        context.fireChannelWritabilityChanged()
    }

    // MARK: Writing

    /// Sends what the session has, at the end of this turn of the loop.
    func schedulePump() {
        guard !self.isReading, !self.isPumping, !self.isPumpScheduled else { return }
        self.isPumpScheduled = true
        self.eventLoop.assumeIsolated().execute {
            self.isPumpScheduled = false
            self.pump()
        }
    }

    /// Sends what the session has.
    func pump() {
        guard let context = self.context, let session = self.session, !self.isPumping, !self.isOutputClosed else {
            return
        }
        self.isPumping = true
        defer { self.isPumping = false }
        do throws(SessionFault) {
            var isDry = false
            while !isDry && context.channel.isWritable {
                isDry = try self.writeTurn(context, session)
            }
        } catch {
            self.core.counters.refused(.protocolError)
            context.close(promise: nil)
            return
        }
        if !session.wantsRead && !session.wantsWrite { self.depart() }
        if self.isDeparting && !session.wantsWrite { self.closeOutput(context) }
    }

    /// One flush of at most about `writeBufferBytesMax`; true when the session has no more.
    private func writeTurn(_ context: ChannelHandlerContext, _ session: Session) throws(SessionFault) -> Bool {
        var written = 0
        var isDry = false
        while written < self.limits.writeBufferBytesMax {
            self.outbound.clear()
            try session.send(into: &self.outbound, bytesMax: Self.writeBytesAtOnce)
            if self.outbound.readableBytes == 0 {
                isDry = true
                break
            }
            written += self.outbound.readableBytes
            context.write(self.wrapOutboundOut(self.outbound), promise: nil)
        }
        if written > 0 { context.flush() }
        return isDry || self.session == nil
    }

    // MARK: The end

    /// Says why, stops reading, and closes when the last bytes are out or `farewellTimeout` is over.
    func farewell(_ code: UInt32, _ reason: HTTPRefusal?) {
        guard !self.isDeparting else { return }
        if let reason { self.core.counters.refused(reason) }
        self.session?.terminate(code)
        self.depart()
    }

    private func depart() {
        guard !self.isDeparting else { return }
        self.isDeparting = true
        self.schedulePump()
        guard let context = self.context else { return }
        let channel = context.channel
        _ = self.eventLoop.scheduleTask(in: self.limits.farewellTimeout) { channel.close(promise: nil) }
    }

    /// Half-closes, so that the peer reads our last frame before it sees the end: closing with unread input would
    /// reset the connection under it.
    private func closeOutput(_ context: ChannelHandlerContext) {
        self.isOutputClosed = true
        context.close(mode: .output, promise: nil)
    }
}
