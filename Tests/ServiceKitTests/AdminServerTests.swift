internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Telemetry
internal import Testing

@testable internal import ServiceKit

@Suite struct AdminServerTests {
    @Test func `probes are answered over HTTP, several on one connection, and a stopped server is gone`() async throws {
        let health = HealthChecks()
        let routes = AdminRoutes(
            name: "crm",
            version: "1",
            instance: "crm-1",
            health: health,
            registry: MetricsRegistry(),
            monitor: LoopMonitor(MultiThreadedEventLoopGroup.singleton)
        )
        let server = AdminServer(routes, on: Address(host: "127.0.0.1", port: 0))
        try await server.start()
        let port = try #require(server.port)
        let answers = try await self.exchange(
            port: port,
            "GET /livez HTTP/1.1\r\nhost: a\r\n\r\nPOST /livez HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nab"
                + "HEAD /version HTTP/1.1\r\nhost: a\r\n\r\nGET /readyz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
        )
        let expected = [
            ("200 OK", "text/plain; charset=utf-8", 3, "keep-alive", "ok\n"),
            ("405 Method Not Allowed", "text/plain; charset=utf-8", 9, "keep-alive", "only GET\n"),
            ("200 OK", "application/json", 51, "keep-alive", ""),
            ("503 Service Unavailable", "text/plain; charset=utf-8", 19, "close", "not ready: started\n"),
        ].map { status, type, length, connection, body in
            "HTTP/1.1 \(status)\r\ncontent-type: \(type)\r\ncontent-length: \(length)\r\ncache-control: no-store\r\n"
                + "connection: \(connection)\r\n\r\n\(body)"
        }
        #expect(answers == expected.joined())
        await server.stop()
        await #expect(throws: (any Error).self) { try await self.exchange(port: port, "") }
    }

    /// Sends `request` and reads until the server closes.
    private func exchange(port: Int, _ request: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var answer = ""
            for try await part in inbound { answer += String(buffer: part) }
            return answer
        }
    }
}
