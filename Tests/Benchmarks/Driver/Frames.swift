internal import ArgumentParser
internal import Contracts
internal import NIOCore
internal import NIOPosix

/// `wire-frames`: frames through the codec and NIO, echoed on the event loop with no task and no handler.
struct FrameServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Echo frames.")

    @Argument var port: Int

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(FrameEcho()) }
            }
            .bind(host: "127.0.0.1", port: self.port)
            .get()
        try await channel.closeFuture.get()
    }
}

/// Answers each call with a reply of the same body; all replies of one read leave in one write.
final class FrameEcho: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var decoder = FrameDecoder(limits: .standard)
    private var output: [UInt8] = []

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unwrapInboundIn(data).withUnsafeReadableBytes { self.decoder.push($0) }
        do {
            while let frame = try self.decoder.next() {
                guard case .call(let call) = frame.head else { continue }
                FrameEncoder.append(.reply(ReplyHead(id: call.id, status: "ok")), body: frame.body, to: &self.output)
            }
        } catch {
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard !self.output.isEmpty else { return }
        context.writeAndFlush(self.wrapOutboundOut(context.channel.allocator.buffer(bytes: self.output)), promise: nil)
        self.output.removeAll(keepingCapacity: true)
    }
}

/// Keeps a number of frames under way on one connection.
struct FrameLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Load a frame echo.")

    @Argument var port: Int
    @Option var count = 200_000
    @Option var concurrency = 64
    @Option var bytes = 1_024

    func run() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let promise = group.next().makePromise(of: Sample.self)
        let load = (count: self.count, concurrency: self.concurrency, bytes: self.bytes)
        _ = try await ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = FramePump(
                        count: load.count,
                        concurrency: load.concurrency,
                        bytes: load.bytes,
                        done: promise
                    )
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: "127.0.0.1", port: self.port)
            .get()
        try await promise.futureResult.get().report()
    }
}

/// Sends the next frame for each that comes back.
final class FramePump: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let count: Int
    private let concurrency: Int
    private let warmUp: Int
    private let body: [UInt8]
    private let done: EventLoopPromise<Sample>
    private let clock = ContinuousClock()
    private var decoder = FrameDecoder(limits: .standard)
    private var output: [UInt8] = []
    private var sent: [ContinuousClock.Instant] = []
    private var latencies: [Duration] = []
    private var received = 0
    private var began: ContinuousClock.Instant

    init(count: Int, concurrency: Int, bytes: Int, done: EventLoopPromise<Sample>) {
        self.warmUp = count / 10
        self.count = count + self.warmUp
        self.concurrency = concurrency
        self.body = [UInt8](repeating: UInt8(ascii: "a"), count: bytes)
        self.done = done
        self.began = self.clock.now
    }

    func channelActive(context: ChannelHandlerContext) {
        for _ in 0..<self.concurrency { self.send() }
        self.flush(context)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.unwrapInboundIn(data).withUnsafeReadableBytes { self.decoder.push($0) }
        do {
            while let frame = try self.decoder.next() {
                guard case .reply(let reply) = frame.head else { continue }
                self.receive(reply.id)
            }
        } catch {
            self.done.fail(error)
        }
        self.flush(context)
        if self.received == self.count {
            let elapsed = self.clock.now - self.began
            self.done.succeed(Sample(latencies: self.latencies, elapsed: elapsed, warmUp: self.warmUp))
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.done.fail(error)
    }

    private func send() {
        guard self.sent.count < self.count else { return }
        self.sent.append(self.clock.now)
        let head = CallHead(id: UInt32(self.sent.count), operation: "bench.echo/1")
        FrameEncoder.append(.call(head), body: self.body, to: &self.output)
    }

    private func receive(_ id: UInt32) {
        self.received += 1
        if self.received > self.warmUp {
            self.latencies.append(self.clock.now - self.sent[Int(id) - 1])
        } else if self.received == self.warmUp {
            self.began = self.clock.now
        }
        self.send()
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard !self.output.isEmpty else { return }
        context.writeAndFlush(self.wrapOutboundOut(context.channel.allocator.buffer(bytes: self.output)), promise: nil)
        self.output.removeAll(keepingCapacity: true)
    }
}
