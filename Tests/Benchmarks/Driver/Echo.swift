internal import ArgumentParser
internal import Contracts
internal import NIOCore
internal import NIOPosix
internal import Wire

/// A key both ends know: the figure includes the greeting, not the secrecy of a benchmark.
private let benchKey = [UInt8](repeating: 7, count: WireSecurity.keyBytesMin)

/// `wire-echo`: a whole call as services make it, with its JSON head, deadline and handler task.
struct EchoServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Echo calls.")

    @Argument var port: Int

    func run() async throws {
        let server = WireServer(
            WireServerConfiguration(
                identity: WireIdentity(service: "bench", instance: "bench-1", build: "bench"),
                port: self.port,
                security: .key(benchKey)
            ),
            handler: EchoHandler(),
            group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
        )
        _ = try await server.start()
        try await Driver.serveUntilEnded()
    }
}

private struct EchoHandler: CallHandler {
    let catalogHash = ""

    func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
        WireReply(body: body)
    }

    func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd {
        .ok
    }

    func isStream(_ operation: String) -> Bool {
        false
    }
}

/// Calls through the client that services use.
struct EchoLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Load an echo of calls.")

    @Argument var port: Int
    @Option var count = 100_000
    @Option var concurrency = 64
    @Option var bytes = 1_024

    func run() async throws {
        let client = WireClient(
            WireClientConfiguration(
                identity: WireIdentity(service: "load", instance: "load-1", build: "bench"),
                service: "bench",
                addresses: [WireAddress(host: "127.0.0.1", port: self.port)],
                security: .key(benchKey),
                connectionsPerAddress: 1
            ),
            group: MultiThreadedEventLoopGroup(numberOfThreads: 1)
        )
        try client.start()
        guard await client.waitUntilReady(timeout: .seconds(5)) else {
            throw ValidationError("no echo server on port \(self.port)")
        }
        let body = [UInt8](repeating: UInt8(ascii: "a"), count: self.bytes)
        let sample = try await Sample.measure(count: self.count, concurrency: self.concurrency) { _ in
            let head = CallHead(operation: "bench.echo/1", deadlineMilliseconds: 5_000)
            let reply = try await client.call(head, body: body, idempotent: false)
            guard reply.isOK, reply.body.count == body.count else {
                throw ValidationError("the echo answered \(reply.status)")
            }
        }
        sample.report()
        await client.drain(limit: .seconds(1))
    }
}
