internal import NIOCore
internal import NIOTLS

/// Carries out what the state machine decides on one connection, under its times; fulfils the promise once, with what became of each
/// mail.
final class SMTPClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    typealias MakeTLS = () throws -> any ChannelHandler

    private var machine: SMTPStateMachine
    private var decoder = SMTPReplyDecoder()
    private var deliveries: [SMTPDelivery]
    private var replyTimer: Scheduled<Void>?
    private var sessionTimer: Scheduled<Void>?
    private let sessionSecondsMax: Int64
    private let makeTLS: MakeTLS
    private let promise: EventLoopPromise<[SMTPDelivery]>

    init(
        _ configuration: SMTPConfiguration,
        _ mails: [SMTPEnvelope],
        makeTLS: @escaping MakeTLS,
        promise: EventLoopPromise<[SMTPDelivery]>
    ) {
        self.machine = SMTPStateMachine(configuration, mails)
        self.deliveries = mails.map { _ in .postponed("the connection ended") }
        self.sessionSecondsMax = configuration.sessionSecondsMax
        self.makeTLS = makeTLS
        self.promise = promise
    }

    // MARK: - What happens

    func channelActive(context: ChannelHandlerContext) {
        self.sessionTimer = self.timer(self.sessionSecondsMax, "everything together took too long", context)
        self.armReplyTimer(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = self.unwrapInboundIn(data)
        let replies: [SMTPReply]
        do {
            replies = try self.decoder.read(buffer.readableBytesView)
        } catch {
            return self.perform(self.machine.giveUp("the peer does not speak SMTP"), context)
        }
        for reply in replies { self.perform(self.machine.received(reply), context) }
        // Bytes that arrive with the consent to encrypt would be taken for encrypted ones, which anybody could have sent.
        if self.machine.isBetweenCleartextAndTLS, !self.decoder.isEmpty {
            self.perform(self.machine.giveUp("a reply came before encryption"), context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            self.perform(self.machine.secured(), context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.perform(self.machine.giveUp("the connection failed: \(SMTPClient.cause(error))"), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.perform(self.machine.giveUp("the connection ended"), context)
        context.fireChannelInactive()
    }

    /// Where there never was a connection, whoever tried to make one knows why.
    func handlerRemoved(context: ChannelHandlerContext) {
        if self.sessionTimer != nil { self.finish() }
    }

    // MARK: - What to do

    private func perform(_ actions: [SMTPStateMachine.Action], _ context: ChannelHandlerContext) {
        for action in actions {
            switch action {
            case .write(let bytes):
                context.writeAndFlush(
                    self.wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)),
                    promise: nil
                )
                self.armReplyTimer(context)
            case .startTLS:
                self.encrypt(context)
            case .delivered(let number, let delivery):
                self.deliveries[number] = delivery
            case .close:
                self.finish()
                context.close(promise: nil)
            }
        }
    }

    private func encrypt(_ context: ChannelHandlerContext) {
        do {
            try context.pipeline.syncOperations.addHandler(self.makeTLS(), position: .first)
            self.armReplyTimer(context)
        } catch {
            self.perform(self.machine.giveUp("TLS cannot begin: \(SMTPClient.cause(error))"), context)
        }
    }

    private func armReplyTimer(_ context: ChannelHandlerContext) {
        self.replyTimer?.cancel()
        self.replyTimer = self.timer(self.machine.secondsMax, "the mail server took too long", context)
    }

    private func timer(_ seconds: Int64, _ reason: String, _ context: ChannelHandlerContext) -> Scheduled<Void> {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        return context.eventLoop.scheduleTask(in: .seconds(seconds)) {
            let (handler, context) = bound.value
            handler.perform(handler.machine.giveUp(reason), context)
        }
    }

    private func finish() {
        self.replyTimer?.cancel()
        self.sessionTimer?.cancel()
        self.promise.succeed(self.deliveries)
    }
}
