internal import Contracts
internal import Logging
internal import NIOCore
internal import NIOPosix
internal import Telemetry
internal import Testing
internal import Wire

@testable internal import ServiceKit

@Suite struct WireServerPartTests {
    private struct Echo: CallHandler {
        var catalogHash: String { "" }
        func isStream(_ operation: String) -> Bool { false }
        func handle(_ call: CallHead, body: [UInt8], peer: Peer) async -> WireReply {
            WireReply(status: call.operation == "crm.bad/1" ? WireStatus.internalError : WireStatus.ok, body: body)
        }
        func stream(_ call: CallHead, body: [UInt8], peer: Peer, writer: StreamWriter) async -> StreamEnd { .ok }
    }

    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test func `calls are answered, measured by operation and status, and readiness follows the listener`() async throws
    {
        let (metrics, health) = (ServiceMetrics(), HealthChecks())
        let security = WireSecurity.key(Array(repeating: 7, count: WireSecurity.keyBytesMin))
        let group = MultiThreadedEventLoopGroup.singleton
        let server = WireServer(
            WireServerConfiguration(
                identity: WireIdentity(service: "crm", instance: "crm-1", build: "1"),
                port: 0,
                security: security
            ),
            handler: MeasuredCallHandler(Echo(), metrics: metrics),
            group: group
        )
        let part = WireServerPart(server, drainLimit: .seconds(5), logger: self.logger)
        part.addChecks(to: health)
        #expect(await health.results().last?.result == .failing("not listening"))
        try await part.start()
        let check = try #require(await health.results().last?.result)
        guard case .passing(let detail) = check, let port = Int(detail.dropFirst("port ".count)) else {
            Issue.record("not listening: \(check)")
            return
        }
        var configuration = WireClientConfiguration(
            identity: WireIdentity(service: "gateway", instance: "gateway-1", build: "1"),
            service: "crm",
            addresses: [WireAddress(host: "127.0.0.1", port: port)],
            security: security
        )
        configuration.measure(by: metrics)
        let client = WireClient(configuration, group: group)
        try client.start()
        #expect(await client.waitUntilReady(timeout: .seconds(5)))
        let good = try await client.call(CallHead(operation: "crm.good/1"), body: Array("1".utf8), idempotent: true)
        #expect(good.body == Array("1".utf8))
        _ = try await client.call(CallHead(operation: "crm.bad/1"), body: Array("1".utf8), idempotent: true)
        #expect(metrics.rpcServer.with("crm.good/1", "ok").count == 1)
        #expect(metrics.rpcServer.with("crm.bad/1", "internal").count == 1)
        await client.stop()
        await part.stop()
        await #expect(throws: WireFailure.unavailable) {
            try await client.call(CallHead(operation: "crm.good/1"), body: [], idempotent: true)
        }
        let exposition = String(decoding: metrics.registry.exposition(), as: UTF8.self)
        for (operation, status) in [("good", "ok"), ("bad", "internal"), ("good", "unavailable")] {
            let labels = #"service="crm",operation="crm.\#(operation)/1",status="\#(status)""#
            #expect(exposition.contains("rpc_client_duration_seconds_count{\(labels)} 1\n"))
        }
        #expect(await health.results().last?.result == .failing("not listening"))
    }

    @Test func `the installation's key is read without its newline, and a short one is refused`() async throws {
        let long = try TemporaryFile(String(repeating: "a", count: 64) + "\n")
        guard case .key(let key) = try await self.settings(key: long.path).security() else {
            Issue.record("not a key")
            return
        }
        #expect(key == Array(repeating: UInt8(ascii: "a"), count: 64))
        let short = try TemporaryFile("abc\n")
        let settings = try await self.settings(key: short.path)
        #expect(throws: ConfigurationErrors.self) { try settings.security() }
    }

    private func settings(key: String) async throws -> WireSettings {
        let values = try await SettingsReader.read(
            WireSettings.settings,
            arguments: ["crm", "--installation-key-file", key],
            environment: [:]
        )
        return WireSettings(values)
    }
}
