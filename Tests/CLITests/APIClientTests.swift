internal import Contracts
internal import HTTP2
internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import Testing

@testable internal import throughline

@Suite struct APIClientTests {
    /// Takes idempotency keys on one path and refuses them on another, as the gateway does.
    private final class Keys: HTTPHandler {
        private let seen = Mutex<[String]>([])
        /// Path and whether a key came with it, in order.
        var requests: [String] { self.seen.withLock { $0 } }

        func handle(_ request: HTTPRequest, _ responder: HTTPResponder) {
            let hasKey = request.first("idempotency-key") != nil
            self.seen.withLock { $0.append("\(request.target) \(hasKey ? "with" : "without")") }
            let problem: JSON = [
                "code": "invalid_request",
                "errors": [["pointer": "/header/idempotency-key", "code": "not_supported", "detail": "No."]],
            ]
            let isRefused = hasKey && request.target == "/v1/secrets"
            let body: JSON = isRefused ? problem : ["id": "1"]
            responder.send(status: isRefused ? 400 : 201, fields: [], body: body.bytes)
        }
    }

    private func run(_ body: (APIClient, Keys) async throws -> Void) async throws {
        let keys = Keys()
        let server = HTTPServer(
            configuration: HTTPServerConfiguration(cleartext: [.init(host: "127.0.0.1", port: 0)]),
            group: MultiThreadedEventLoopGroup.singleton,
            handler: keys
        )
        let bound = try await server.start()
        let port = try #require(bound.cleartext.first?.port)
        let client = APIClient(
            endpoint: Endpoint(host: "127.0.0.1", port: port, isSecure: false),
            security: .cleartext,
            patience: .zero
        )
        try await body(client, keys)
        await client.close()
        await server.drain()
    }

    @Test func `where a key is taken the call carries one`() async throws {
        try await self.run { client, keys in
            let made = try await client.post("/v1/things")
            #expect(made["id"] == "1")
            #expect(keys.requests == ["/v1/things with"])
        }
    }

    @Test func `where the server takes none the call is made without, whatever its path`() async throws {
        try await self.run { client, keys in
            let made = try await client.post("/v1/secrets")
            #expect(made["id"] == "1")
            #expect(keys.requests == ["/v1/secrets with", "/v1/secrets without"])
        }
    }

    @Test func `a key that the caller relies on is not left out`() async throws {
        try await self.run { client, keys in
            await #expect(throws: CLIFailure.self) { try await client.post("/v1/secrets", key: "mine") }
            #expect(keys.requests == ["/v1/secrets with"])
        }
    }
}
