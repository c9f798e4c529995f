internal import NIOCore
internal import NIOHTTP1

/// A server's HTTP/1.1 connection: one request at a time, pipelined ones wait their turn in NIO's pipeline handler.
final class HTTP1ServerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    let core: ServerCore
    let limits: HTTPLimits
    private let isTLS: Bool
    private let eventLoop: any EventLoop
    private var context: ChannelHandlerContext?
    private var date = HTTPDate()
    private var exchange: HTTP1Exchange?
    private weak var intake: HTTP1Intake?
    /// Why we gave up on a head ourselves, without a fault of the parser.
    private var headRefusal: (status: Int, reason: HTTPRefusal)?
    private var requests = 0
    /// The connection ends with the current response, or has ended.
    private var isLeaving: Bool
    private var isDeparting = false

    private let start: NIODeadline
    private var sweepTask: Scheduled<Void>?
    private var idleSince: NIODeadline
    private var headOpenSince: NIODeadline?
    private var headBytes = 0
    private var unwritableSince: NIODeadline?
    /// A whole response waits for the peer to take it, and the next request for that.
    private var isEndHeld = false

    private init(core: ServerCore, isTLS: Bool, eventLoop: any EventLoop) {
        self.core = core
        self.limits = core.limits
        self.isTLS = isTLS
        self.eventLoop = eventLoop
        self.isLeaving = core.isDraining
        self.start = eventLoop.now
        self.idleSince = eventLoop.now
    }

    static func add(
        to pipeline: ChannelPipeline.SynchronousOperations,
        after position: ProtocolSelector,
        core: ServerCore,
        isTLS: Bool
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = core.limits.headerListBytesMax
        limits.maxHeaderListSize = core.limits.headerListBytesMax
        limits.maxHeaderFieldCount = core.limits.headerFieldsMax
        let handler = HTTP1ServerHandler(core: core, isTLS: isTLS, eventLoop: pipeline.eventLoop)
        let intake = HTTP1Intake(handler)
        handler.intake = intake
        let handlers: [any ChannelHandler] = [
            intake,
            HTTPResponseEncoder(),
            ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)),
            HTTPServerPipelineHandler(),
            handler,
        ]
        try pipeline.addHandlers(handlers, position: .after(position))
    }

    // MARK: Channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.scheduleSweep()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.disconnected()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.disconnected()
        context.fireChannelInactive()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        let isWritable = context.channel.isWritable
        self.unwritableSince = isWritable ? nil : self.eventLoop.now
        guard let exchange = self.exchange else { return }
        exchange.writabilityChanged(isWritable)
        if isWritable && self.isEndHeld { self.endResponse(exchange) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is DrainEvent else { return context.fireUserInboundEventTriggered(event) }
        self.isLeaving = true
        if self.exchange == nil { self.depart() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let fault = error as? HTTPParserError, !self.isDeparting else { return context.close(promise: nil) }
        if let refusal = self.headRefusal {
            self.refuseUnread(refusal.status, refusal.reason)
        } else if case .headerOverflow = fault {
            self.refuseUnread(431, .headTooLarge)
        } else {
            self.refuseUnread(400, .invalidHead)
        }
    }

    private func disconnected() {
        self.sweepTask?.cancel()
        self.context = nil
        self.isDeparting = true
        self.exchange?.closed()
        self.exchange = nil
    }

    // MARK: Requests

    /// Raw bytes have come. Between requests they are the start of a head, which has its time and size.
    func bytesArrived(_ count: Int) -> Bool {
        guard !self.isDeparting else { return false }
        guard self.exchange == nil else { return true }
        if self.headOpenSince == nil { self.headOpenSince = self.eventLoop.now }
        self.headBytes += count
        return true
    }

    /// The bytes have been parsed; a head still open must be within its limit.
    func bytesParsed() {
        guard self.exchange == nil, self.headOpenSince != nil else { return }
        if self.headBytes > 2 * self.limits.headerListBytesMax { self.giveUp(431, .headTooLarge) }
    }

    /// Ends a head that has not come to its end. NIO's pipeline handler lets an answer without a request pass only
    /// after a fault of the parser, so we act as if there were one.
    private func giveUp(_ status: Int, _ reason: HTTPRefusal) {
        guard self.headRefusal == nil else { return }
        self.headRefusal = (status, reason)
        self.intake?.fail()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isDeparting else { return }
        switch self.unwrapInboundIn(data) {
        case .head(let head): self.begin(head)
        case .body(let bytes): self.append(bytes)
        case .end: self.complete()
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        self.headOpenSince = nil
        self.headBytes = 0
        let parsed = HTTP1Head(head)
        let request = HTTPRequest(
            method: head.method.rawValue,
            target: parsed.target,
            authority: parsed.authority,
            scheme: self.isTLS ? "https" : "http",
            fields: parsed.fields,
            version: .http1,
            remoteAddress: self.context?.channel.remoteAddress?.ipAddress ?? "",
            isTLS: self.isTLS
        )
        let isKeptAlive = head.isKeepAlive && !parsed.endsConnection
        let exchange = HTTP1Exchange(request, isKeptAlive: isKeptAlive, connection: self)
        self.exchange = exchange
        if !parsed.isValid { return self.refuse(exchange, 400, .invalidHead) }
        if head.uri.utf8.count > self.limits.headerListBytesMax { return self.refuse(exchange, 431, .headTooLarge) }
        if parsed.contentLength > self.limits.requestBodyBytesMax { return self.refuse(exchange, 413, .bodyTooLarge) }
        exchange.pace = BodyPace(start: self.eventLoop.now)
        if parsed.expectsContinue {
            let head = HTTPResponseHead(version: .http1_1, status: .continue)
            self.context?.writeAndFlush(self.wrapOutboundOut(.head(head)), promise: nil)
        }
    }

    private func append(_ bytes: ByteBuffer) {
        guard let exchange = self.exchange, !exchange.isResponding else { return }
        guard exchange.request.body.count + bytes.readableBytes <= self.limits.requestBodyBytesMax else {
            return self.refuse(exchange, 413, .bodyTooLarge)
        }
        exchange.request.body.append(contentsOf: bytes.readableBytesView)
        exchange.pace?.received(bytes.readableBytes)
    }

    private func complete() {
        guard let exchange = self.exchange, !exchange.isResponding else { return }
        exchange.pace = nil
        exchange.isHandlerRunning = true
        self.requests += 1
        self.core.counters.requestStarted()
        if self.requests >= self.limits.requestsPerConnectionMax { self.isLeaving = true }
        let responder = HTTPResponder(exchange, flags: exchange.flags, eventLoop: self.eventLoop)
        self.core.handler.handle(exchange.request, responder)
        exchange.request.body = []
    }

    /// Answers for the handler, and ends the connection: what follows on it cannot be trusted or is not wanted.
    private func refuse(_ exchange: HTTP1Exchange, _ status: Int, _ reason: HTTPRefusal) {
        self.core.counters.refused(reason)
        self.isLeaving = true
        exchange.pace = nil
        let response = self.core.refusalResponse(status, exchange.request)
        exchange.send(status: status, fields: response.fields, body: response.body)
    }

    private func refuseUnread(_ status: Int, _ reason: HTTPRefusal) {
        if let exchange = self.exchange {
            // The fault lies in the body, or behind a request that is being answered.
            if exchange.isHandlerRunning || exchange.isResponding {
                self.isLeaving = true
                return
            }
            return self.refuse(exchange, status, reason)
        }
        let unread = HTTPRequest(method: "GET", target: "", version: .http1, isTLS: self.isTLS)
        let exchange = HTTP1Exchange(unread, isKeptAlive: false, connection: self)
        self.exchange = exchange
        self.refuse(exchange, status, reason)
    }

    // MARK: Responses

    func writeHead(_ exchange: HTTP1Exchange, _ status: Int, _ fields: [HTTPField], contentLength: Int?) {
        guard let context = self.context else { return }
        if self.eventLoop.now - self.start >= self.limits.connectionAgeMax || self.core.isDraining {
            self.isLeaving = true
        }
        if !exchange.isKeptAlive { self.isLeaving = true }
        var headers = HTTPHeaders()
        headers.reserveCapacity(fields.count + 3)
        for field in fields where field.isSendable { headers.add(name: field.name, value: field.value) }
        if fields.first("date") == nil { headers.add(name: "date", value: self.date.now()) }
        if let contentLength, fields.first("content-length") == nil {
            headers.add(name: "content-length", value: String(contentLength))
        }
        if self.isLeaving { headers.replaceOrAdd(name: "connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
    }

    func writeBody(_ bytes: [UInt8]) {
        self.context?.write(self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: bytes)))), promise: nil)
    }

    func flush() {
        self.context?.flush()
    }

    /// Ends the response, once the peer has taken most of it: who pipelines and does not read gets no further response made.
    func endResponse(_ exchange: HTTP1Exchange) {
        guard let context = self.context else { return }
        if !context.channel.isWritable { context.flush() }
        self.isEndHeld = !context.channel.isWritable
        if self.isEndHeld { return }
        self.exchange = nil
        self.idleSince = self.eventLoop.now
        let isLeaving = self.isLeaving
        exchange.closed()
        // Writing the end lets the pipeline handler deliver the next request, so it comes last.
        if isLeaving { self.isDeparting = true }
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
        if isLeaving {
            self.isDeparting = false
            self.depart()
        }
    }

    func handlerDropped(_ exchange: HTTP1Exchange) {
        self.core.counters.refused(.handlerDropped)
        if exchange.isResponding {
            // A response cut short must not look like a whole one.
            self.context?.close(promise: nil)
        } else {
            let response = self.core.refusalResponse(500, exchange.request)
            exchange.send(status: 500, fields: response.fields, body: response.body)
        }
    }

    /// Half-closes and waits for the peer, `farewellTimeout` at most: a close with unread input would reset the
    /// connection and may destroy the answer on its way.
    private func depart() {
        guard !self.isDeparting, let context = self.context else { return }
        self.isDeparting = true
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        _ = self.eventLoop.scheduleTask(in: self.limits.farewellTimeout) { channel.close(promise: nil) }
    }

    // MARK: Times

    private func scheduleSweep() {
        let pause = self.limits.sweepPause(headOpenSince: self.headOpenSince, now: self.eventLoop.now)
        self.sweepTask = self.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            guard self.context != nil else { return }
            self.sweep(self.eventLoop.now)
            self.scheduleSweep()
        }
    }

    private func sweep(_ now: NIODeadline) {
        if let since = self.unwritableSince, now - since >= self.limits.responseStallTimeout {
            self.core.counters.refused(.responseStalled)
            self.context?.close(promise: nil)
        } else if self.isDeparting {
            return
        } else if let exchange = self.exchange {
            guard exchange.pace?.isTooSlow(now, self.limits) == true, !exchange.isResponding else { return }
            self.refuse(exchange, 408, .slowBody)
        } else if let since = self.headOpenSince {
            if now - since >= self.limits.headTimeout { self.giveUp(408, .headTimeout) }
        } else if now - self.idleSince >= self.limits.idleTimeout {
            self.depart()
        }
    }
}

/// Tells the connection of raw bytes before they are parsed, and drops them once it is over.
private final class HTTP1Intake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: HTTP1ServerHandler
    private var context: ChannelHandlerContext?

    init(_ connection: HTTP1ServerHandler) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func fail() {
        self.context?.fireErrorCaught(HTTPParserError.unknown)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.connection.bytesArrived(self.unwrapInboundIn(data).readableBytes) else { return }
        context.fireChannelRead(data)
        self.connection.bytesParsed()
    }
}
