internal import Contracts
internal import TestKit
internal import Testing

@testable internal import Wire

struct WireSecurityTests {
    static func tls(_ certificate: String, _ key: String) -> WireSecurity {
        .tls(
            WireTLS(
                certificateChain: Array(certificate.utf8),
                privateKey: Array(key.utf8),
                trustRoots: Array(Certificates.authority.utf8)
            )
        )
    }

    static let crm = Self.tls(Certificates.crm, Certificates.crmKey)
    static let gateway = Self.tls(Certificates.gateway, Certificates.gatewayKey)
    static let stranger = Self.tls(Certificates.stranger, Certificates.strangerKey)

    private static func client(_ port: Int, _ security: WireSecurity, service: String = "crm") -> WireClient {
        WireFixture.client([port], security: security, service: service)
    }

    @Test("with certificates of the same authority calls go over TLS")
    func mutual() async throws {
        try await WireFixture.run(security: Self.crm, clientSecurity: Self.gateway) { fixture in
            let echo = try await fixture.echo("secret")
            #expect(echo == "secret")
        }
    }

    @Test("a certificate of another authority, or of another service than claimed, gets nowhere")
    func refused() async throws {
        let handler = TestHandler()
        let (server, port) = try await WireFixture.server(handler, security: Self.crm)
        // The crm certificate under the gateway's name: its holder may not pose as another service.
        for security in [Self.stranger, Self.crm] {
            let client = Self.client(port, security)
            try client.start()
            #expect(await !client.waitUntilReady(timeout: .milliseconds(400)))
            await client.stop()
        }
        #expect(handler.called.count == 0)
        await server.stop()
    }

    @Test("a client that looks for one service does not talk to another, nor with another key")
    func otherService() async throws {
        let (server, port) = try await WireFixture.server()
        for client in [
            Self.client(port, .key(HandshakeTests.key), service: "revenue"),
            Self.client(port, .key(Array(1..<33))),
        ] {
            try client.start()
            #expect(await !client.waitUntilReady(timeout: .milliseconds(300)))
            await client.stop()
        }
        await server.stop()
    }

    @Test("off the loopback neither side starts without certificates", arguments: ["0.0.0.0", "10.0.0.1", "::"])
    func tlsRequired(host: String) async throws {
        let server = WireServer(
            WireServerConfiguration(
                identity: WireFixture.identity("crm"),
                host: host,
                port: 0,
                security: .key(HandshakeTests.key)
            ),
            handler: TestHandler(),
            group: WireFixture.group
        )
        await #expect(throws: WireConfigurationFault.self) { try await server.start() }
        let client = WireClient(
            WireClientConfiguration(
                identity: WireFixture.identity("gateway"),
                service: "crm",
                addresses: [WireAddress(host: host, port: 7_102)],
                security: .key(HandshakeTests.key)
            ),
            group: WireFixture.group
        )
        #expect(throws: WireConfigurationFault.self) { try client.start() }
    }

    @Test("a short key and a broken certificate are refused before anything starts")
    func configuration() {
        #expect(throws: WireConfigurationFault.self) { try Self.client(1, .key([1, 2, 3])).start() }
        #expect(throws: WireConfigurationFault.self) { try Self.client(1, Self.tls("nothing", "nothing")).start() }
    }
}
