internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Answers probes and Prometheus over HTTP/1.1 on a thread of its own, so that it can still say so when every other
/// event loop is blocked.
final class AdminServer: ProcessPart {
    /// A probe that says nothing for this long is gone.
    static let idleTimeout = TimeAmount.seconds(30)
    static let backlogMax: Int32 = 16

    let name = "admin"
    private let routes: AdminRoutes
    private let address: Address
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let listener = Slot<any Channel>()

    init(_ routes: AdminRoutes, on address: Address) {
        self.routes = routes
        self.address = address
    }

    /// The port that was bound, once started.
    var port: Int? { self.listener.value?.localAddress?.port }

    func start() async throws {
        let routes = self.routes
        self.listener.value = try await ServerBootstrap(group: self.group)
            .serverChannelOption(.backlog, value: Self.backlogMax)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(IdleStateHandler(allTimeout: Self.idleTimeout))
                    try pipeline.addHandler(AdminHandler(routes))
                }
            }
            .bind(host: self.address.host, port: self.address.port).get()
    }

    func stop() async {
        try? await self.listener.value?.close()
        // Ends the probes' connections too, and then the thread.
        try? await self.group.shutdownGracefully()
    }
}

/// One probe's connection. Requests have no bodies worth reading, so a request is answered when it has ended.
private final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let routes: AdminRoutes
    private var head: HTTPRequestHead?

    init(_ routes: AdminRoutes) { self.routes = routes }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head = self.head else { return }
            self.head = nil
            self.answer(head, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard head.method == .GET || head.method == .HEAD else {
            return Self.write(.text(405, "only GET"), for: head, to: context)
        }
        let routes = self.routes
        let uri = head.uri
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.makeFutureWithTask { await routes.answer(uri) }
            .whenSuccess { Self.write($0, for: head, to: bound.value) }
    }

    private static func write(
        _ answer: AdminRoutes.Answer,
        for head: HTTPRequestHead,
        to context: ChannelHandlerContext
    ) {
        let headers: HTTPHeaders = [
            "content-type": answer.contentType,
            "content-length": String(answer.body.count),
            "cache-control": "no-store",
            "connection": head.isKeepAlive ? "keep-alive" : "close",
        ]
        let response = HTTPResponseHead(
            version: head.version,
            status: .init(statusCode: answer.status),
            headers: headers
        )
        context.write(NIOAny(HTTPServerResponsePart.head(response)), promise: nil)
        if head.method != .HEAD {
            let body = context.channel.allocator.buffer(bytes: answer.body)
            context.write(NIOAny(HTTPServerResponsePart.body(.byteBuffer(body))), promise: nil)
        }
        context.writeAndFlush(NIOAny(HTTPServerResponsePart.end(nil)), promise: nil)
        if !head.isKeepAlive { context.close(promise: nil) }
    }
}
