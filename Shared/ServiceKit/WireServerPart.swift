internal import Contracts
internal import Logging
internal import Telemetry
internal import Wire

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

/// Measures every call, and logs those that failed for a reason that is ours.
struct MeasuredCallHandler: CallHandler {
    private let inner: any CallHandler
    private let duration: Histogram
    private let logger: Logger
    private let clock = ContinuousClock()

    init(_ inner: any CallHandler, metrics: ServiceMetrics, logger: Logger) {
        self.inner = inner
        self.duration = metrics.rpcServer
        self.logger = logger
    }

    var catalogHash: String { self.inner.catalogHash }

    func isStream(_ operation: String) -> Bool { self.inner.isStream(operation) }

    func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
        let start = self.clock.now
        let reply = await self.inner.handle(call, body: body, peer: peer)
        self.note(call, peer, reply.status, self.clock.now - start)
        return reply
    }

    /// A stream's time is how long it was open, which belongs in no histogram of answers; only its end is noted.
    func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd {
        let end = await self.inner.stream(call, body: body, peer: peer, writer: writer)
        if end.status == WireStatus.internalError { self.log(call, peer) }
        return end
    }

    private func note(_ call: CallHead, _ peer: Peer, _ status: String, _ duration: Duration) {
        self.duration.observe(duration, call.operation, status)
        if status == WireStatus.internalError { self.log(call, peer) }
    }

    private func log(_ call: CallHead, _ peer: Peer) {
        var metadata: Logger.Metadata = ["operation": "\(call.operation)", "peer": "\(peer.service)"]
        if let request = call.requestID { metadata[LogKey.requestID] = "\(request)" }
        if let trace = call.traceparent.flatMap({ TraceContext($0) }) { metadata[LogKey.traceID] = "\(trace.traceID)" }
        self.logger.error("call failed", metadata: metadata)
    }
}
