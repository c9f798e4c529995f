internal import ArgumentParser
internal import HTTP2
internal import NIOCore
internal import NIOPosix

/// `get`, `list-50` and `create`: requests as clients make them, the next when the one before is answered.
struct RequestLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Load the HTTP API in closed loops.")

    @Argument var kind: RequestKind
    @OptionGroup var target: Target
    @OptionGroup var rows: LoadedRows
    @Option var count = 20_000
    @Option var concurrency = 16

    func run() async throws {
        let kind = self.kind
        let rows = self.rows
        let load = (count: self.count, concurrency: self.concurrency)
        try await self.target.connected { clients in
            let mix = RequestMix(kind, rows, over: clients)
            let next = Counter(0)
            let sample = try await Sample.measure(count: load.count, concurrency: load.concurrency) { worker in
                let outcome = await mix.send(next.next(), worker: worker)
                guard case .answered = outcome else { throw ValidationError("\(outcome)") }
            }
            sample.report()
        }
    }
}

/// `latency` and `overload`: requests at a fixed rate, whatever becomes of those under way.
struct OpenLoad: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Load the HTTP API at a fixed rate.")

    @Argument var kind: RequestKind
    @OptionGroup var target: Target
    @OptionGroup var rows: LoadedRows
    @Option var rate = 200
    @Option var seconds = 5
    @Option var warmUpSeconds = 1
    @Option var outstanding = 20_000

    func run() async throws {
        let kind = self.kind
        let rows = self.rows
        let loop = OpenLoop(
            perSecond: self.rate,
            seconds: self.seconds,
            warmUpSeconds: self.warmUpSeconds,
            outstandingMax: self.outstanding
        )
        try await self.target.connected { clients in
            let mix = RequestMix(kind, rows, over: clients)
            try await loop.run { number in await mix.send(number) }.report(offered: loop.perSecond)
        }
    }
}

/// Where requests go, and over how many connections.
struct Target: ParsableArguments {
    @Option var host = "127.0.0.1"
    @Option var port: Int
    @Option var connections = 16
    @Flag(name: .customLong("http1"), help: "Speak HTTP/1.1, which some peers serve best.")
    var isHTTP1 = false

    /// Connects, lets the work be done on the connections' loop, and closes again.
    func connected(_ work: @Sendable (_ clients: [any LoadClient]) async throws -> Void) async throws {
        let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
        var clients: [any LoadClient] = []
        for _ in 0..<max(1, self.connections) {
            clients.append(
                self.isHTTP1
                    ? try await HTTP1Client.connect(host: self.host, port: self.port, group: loop)
                    : try await HTTPClient.connect(host: self.host, port: self.port, group: loop)
            )
        }
        let connections = clients
        try await withTaskExecutorPreference(LoopExecutor(loop)) { try await work(connections) }
        for client in clients {
            await client.close()
        }
    }
}
