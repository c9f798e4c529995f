internal import Contracts
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import TestKit
internal import Testing

@testable internal import Wire

/// Operations for tests, each answering in a way of its own.
struct TestHandler: CallHandler {
    let catalogHash: String
    let cancelled = Counter()
    let called = Counter()

    init(catalogHash: String = "c1") {
        self.catalogHash = catalogHash
    }

    func isStream(_ operation: String) -> Bool { operation.hasPrefix("stream.") }

    func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
        self.called.add()
        switch call.operation {
        case "echo/1":
            return WireReply(httpStatus: 200, etag: call.ifMatch?.matches(7) == true ? 7 : nil, body: body)
        case "peer/1":
            return WireReply(body: Array(peer.service.utf8))
        case "deadline/1":
            return WireReply(body: Array(String(call.deadlineMilliseconds ?? -1).utf8))
        case "large/1":
            return WireReply(body: Array(repeating: 0x61, count: 1 << 20))
        case "hang/1":
            await self.hang()
            return WireReply(body: Array("late".utf8))
        case "busy/1":
            return WireReply(status: "busy", httpStatus: 503, retryAfter: 1)
        case "unavailable/1":
            return WireReply(status: "unavailable", httpStatus: 503, retryAfter: 1)
        default:
            return WireReply(status: "not_found", body: Array(#"{"code":"not_found"}"#.utf8))
        }
    }

    func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd {
        self.called.add()
        let count = call.parameter("count").flatMap { Int($0) } ?? .max
        var written = 0
        do throws(WireFailure) {
            while written < count {
                try await writer.write(Array(String(written).utf8))
                written += 1
            }
        } catch {
            self.cancelled.add()
        }
        return call.operation == "stream.fault/1" ? StreamEnd(status: "gone", body: Array("{}".utf8)) : .ok
    }

    /// Waits until the task is cancelled.
    private func hang() async {
        let cancelled = self.cancelled
        let ended = AsyncStream<Void>.makeStream()
        await withTaskCancellationHandler {
            for await _ in ended.stream {}
            cancelled.add()
        } onCancel: {
            ended.continuation.finish()
        }
    }
}

/// A server with a client, in this process, over the loopback.
struct WireFixture {
    static let group = MultiThreadedEventLoopGroup.singleton

    let server: WireServer
    let handler: TestHandler
    let port: Int
    let client: WireClient

    static func identity(_ service: String) -> WireIdentity {
        WireIdentity(service: service, instance: "\(service)-1", build: "test")
    }

    static func server(
        _ handler: TestHandler = TestHandler(),
        limits: WireLimits = .standard,
        security: WireSecurity = .key(HandshakeTests.key),
        instance: String = "crm-1",
        connectionsMax: Int = 1_024,
        port: Int = 0
    ) async throws -> (server: WireServer, port: Int) {
        let server = WireServer(
            WireServerConfiguration(
                identity: WireIdentity(service: "crm", instance: instance, build: "test"),
                port: port,
                security: security,
                limits: limits,
                connectionsMax: connectionsMax
            ),
            handler: handler,
            group: Self.group
        )
        return (server, try await server.start())
    }

    static func client(
        _ ports: [Int],
        limits: WireLimits = .standard,
        security: WireSecurity = .key(HandshakeTests.key),
        service: String = "crm",
        window: UInt32 = 8,
        onConnect: @escaping @Sendable (Peer) -> Void = { _ in }
    ) -> WireClient {
        WireClient(
            WireClientConfiguration(
                identity: Self.identity("gateway"),
                service: service,
                addresses: ports.map { WireAddress(host: "127.0.0.1", port: $0) },
                security: security,
                limits: limits,
                streamWindow: window
            ),
            group: Self.group,
            onConnect: onConnect
        )
    }

    /// Runs `body` with a server and a client that is connected to it, and ends both.
    static func run(
        limits: WireLimits = .standard,
        security: WireSecurity = .key(HandshakeTests.key),
        clientSecurity: WireSecurity? = nil,
        window: UInt32 = 8,
        _ body: (WireFixture) async throws -> Void
    ) async throws {
        let handler = TestHandler()
        let (server, port) = try await Self.server(handler, limits: limits, security: security)
        let client = Self.client([port], limits: limits, security: clientSecurity ?? security, window: window)
        do {
            try client.start()
            #expect(await client.waitUntilReady(timeout: .seconds(10)))
            try await body(WireFixture(server: server, handler: handler, port: port, client: client))
        } catch {
            await client.stop()
            await server.stop()
            throw error
        }
        await client.stop()
        await server.stop()
        #expect(server.connectionCount == 0)
    }

    func echo(_ text: String) async throws -> String {
        let reply = try await self.client.call(CallHead(operation: "echo/1"), body: Array(text.utf8), idempotent: false)
        return String(decoding: reply.body, as: UTF8.self)
    }
}

/// A peer that sends what bytes it likes, and keeps what comes back.
final class RawPeer: Sendable {
    private let channel: any Channel
    private let received: NIOLoopBound<Collector>

    /// Collects frames until the connection ends.
    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private var decoder = FrameDecoder(frameBytesMax: 1 << 21, headBytesMax: 1 << 20)
        private var waiting: [(Int, EventLoopPromise<[Frame]>)] = []
        private var frames: [Frame] = []
        private var isEnded = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            self.unwrapInboundIn(data).withUnsafeReadableBytes { self.decoder.push($0) }
            while let frame = try? self.decoder.next() { self.frames.append(frame) }
            self.resume()
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.isEnded = true
            self.resume()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        func wait(for count: Int, _ promise: EventLoopPromise<[Frame]>) {
            self.waiting.append((count, promise))
            self.resume()
        }

        private func resume() {
            for (count, promise) in self.waiting where self.isEnded || self.frames.count >= count {
                promise.succeed(self.frames)
            }
            self.waiting.removeAll { self.isEnded || self.frames.count >= $0.0 }
        }
    }

    private init(channel: any Channel, received: NIOLoopBound<Collector>) {
        self.channel = channel
        self.received = received
    }

    static func connect(port: Int) async throws -> RawPeer {
        let promise = WireFixture.group.any().makePromise(of: NIOLoopBound<Collector>.self)
        let channel = try await ClientBootstrap(group: WireFixture.group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let collector = Collector()
                    promise.succeed(NIOLoopBound(collector, eventLoop: channel.eventLoop))
                    try channel.pipeline.syncOperations.addHandler(collector)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        return RawPeer(channel: channel, received: try await promise.futureResult.get())
    }

    /// A peer that has done the whole handshake as `gateway`.
    static func handshaken(port: Int) async throws -> RawPeer {
        let peer = try await RawPeer.connect(port: port)
        guard case .hello(let server)? = try await peer.frames(1).first?.head else { throw WireFailure.unavailable }
        peer.send(.hello(HandshakeTests.client))
        peer.send(.proof(HandshakeTests.handshake(.client).proof(for: server)))
        _ = try await peer.frames(2)
        return peer
    }

    func send(bytes: [UInt8]) {
        self.channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func send(_ head: Head, body: [UInt8] = []) {
        var bytes: [UInt8] = []
        FrameEncoder.append(head, body: body, to: &bytes)
        self.send(bytes: bytes)
    }

    /// The frames received, once there are `count` or the connection has ended.
    func frames(_ count: Int) async throws -> [Frame] {
        let promise = self.channel.eventLoop.makePromise(of: [Frame].self)
        let received = self.received
        self.channel.eventLoop.execute { received.value.wait(for: count, promise) }
        return try await promise.futureResult.get()
    }

    /// Everything received until the other side closed.
    func framesUntilClosed() async throws -> [Frame] {
        try await self.frames(.max)
    }

    func close() async {
        try? await self.channel.close()
    }
}
