internal import Contracts
internal import Testing

@testable internal import Wire

struct HandshakeTests {
    static let key: [UInt8] = Array(0..<32)
    static let client = Self.hello("gateway", "aa")
    static let server = Self.hello("crm", "bb")

    static func hello(_ service: String, _ byte: String) -> Hello {
        Hello(
            service: service,
            instance: "\(service)-1",
            build: "dev",
            catalog: "",
            nonce: String(repeating: byte, count: 32)
        )
    }

    static func handshake(_ side: Handshake.Side, key: [UInt8] = Self.key, allowed: Set<String>? = nil) -> Handshake {
        Handshake(
            side: side,
            hello: side == .client ? Self.client : Self.server,
            evidence: .key(key),
            allowed: allowed
        )
    }

    @Test("each side accepts the other's proof")
    func mutual() {
        let (client, server) = (Self.handshake(.client), Self.handshake(.server))
        #expect(server.accepts(client.proof(for: Self.server), of: Self.client))
        #expect(client.accepts(server.proof(for: Self.client), of: Self.server))
    }

    @Test("the proof is the HMAC that the document computes")
    func documented() {
        #expect(
            Self.handshake(.client).proof(for: Self.server).proof
                == "c12f66979c924ef9e58b95083de217f7bbc6b894424c8a0175956aa84cf381ca"
        )
    }

    @Test("a proof sent back to its maker is refused")
    func reflected() {
        let client = Self.handshake(.client)
        #expect(!client.accepts(client.proof(for: Self.server), of: Self.server))
        #expect(client.refusal(of: Self.client)?.code == .identity)
    }

    @Test("another key, another nonce, another service and no proof are refused")
    func wrong() {
        let server = Self.handshake(.server)
        let stranger = Self.handshake(.client, key: Array(1..<33))
        #expect(!server.accepts(stranger.proof(for: Self.server), of: Self.client))
        let proof = Self.handshake(.client).proof(for: Self.server)
        var hello = Self.client
        hello.nonce = String(repeating: "cc", count: 32)
        #expect(!server.accepts(proof, of: hello))
        hello = Self.client
        hello.service = "revenue"
        #expect(!server.accepts(proof, of: hello))
        #expect(!server.accepts(Proof(""), of: Self.client))
        #expect(!server.accepts(Proof(proof.proof.uppercased()), of: Self.client))
    }

    @Test("a hello of another version, with a bad nonce or from a service not allowed is refused")
    func hellos() {
        let server = Self.handshake(.server, allowed: ["gateway"])
        #expect(server.refusal(of: Self.client) == nil)
        var hello = Self.client
        hello.version = 2
        #expect(server.refusal(of: hello)?.code == .version)
        hello = Self.client
        hello.nonce = "aa"
        #expect(server.refusal(of: hello)?.code == .headInvalid)
        #expect(server.refusal(of: Self.hello("revenue", "aa"))?.code == .identity)
    }

    @Test("under TLS the certificate must name the service that the hello claims, and the proof is empty")
    func certificates() {
        let server = Handshake(
            side: .server,
            hello: Self.server,
            evidence: .certificate(names: ["gateway"]),
            allowed: nil
        )
        #expect(server.refusal(of: Self.client) == nil)
        #expect(server.refusal(of: Self.hello("revenue", "aa"))?.code == .identity)
        #expect(server.accepts(Proof(""), of: Self.client))
        #expect(!server.accepts(Proof("00"), of: Self.client))
    }

    @Test("every hello has a nonce of its own")
    func nonces() {
        let identity = WireIdentity(service: "crm", instance: "crm-1", build: "dev")
        let nonces = Set((0..<100).map { _ in Hello(identity, catalog: "").nonce })
        #expect(nonces.count == 100)
        #expect(nonces.allSatisfy { $0.utf8.count == 64 })
    }
}
