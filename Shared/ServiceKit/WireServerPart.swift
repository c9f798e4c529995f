internal import Contracts
internal import Logging
public import Telemetry
public import Wire

/// Where a service takes calls. Last to start and first to drain.
final class WireServerPart: ProcessPart {
    let name = "wire"
    private let server: WireServer
    private let drainLimit: Duration
    private let logger: Logger
    private let port = Slot<Int>()

    init(_ server: WireServer, drainLimit: Duration, logger: Logger) {
        self.server = server
        self.drainLimit = drainLimit
        self.logger = logger
    }

    func start() async throws {
        let port = try await self.server.start()
        self.port.value = port
        self.logger.notice("listening for calls", metadata: ["port": "\(port)"])
    }

    func stop() async {
        self.port.value = nil
        await self.server.drain(limit: self.drainLimit)
    }

    func addChecks(to health: HealthChecks) {
        health.add("wire") {
            guard let port = self.port.value else { return .failing("not listening") }
            return .passing("port \(port)")
        }
    }
}

/// Measures every call. A stream's time is how long it was open, which belongs in no histogram of answers.
struct MeasuredCallHandler: CallHandler {
    private let inner: any CallHandler
    private let duration: Histogram
    private let clock = ContinuousClock()

    init(_ inner: any CallHandler, metrics: ServiceMetrics) {
        self.inner = inner
        self.duration = metrics.rpcServer
    }

    var catalogHash: String { self.inner.catalogHash }

    func isStream(_ operation: String) -> Bool { self.inner.isStream(operation) }

    func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
        let start = self.clock.now
        let reply = await self.inner.handle(call, body: body, peer: peer)
        self.duration.observe(self.clock.now - start, call.operation, reply.status)
        return reply
    }

    func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd {
        await self.inner.stream(call, body: body, peer: peer, writer: writer)
    }
}

extension WireClientConfiguration {
    /// Measures every call made.
    public mutating func measure(by metrics: ServiceMetrics) {
        let (duration, service) = (metrics.rpcClient, self.service)
        self.observe = { call in
            duration.observe(.nanoseconds(call.nanoseconds), service, call.operation, call.status)
        }
    }
}
