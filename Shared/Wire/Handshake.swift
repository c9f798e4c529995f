internal import Contracts
internal import Crypto
internal import Vocabulary

/// One side's part of the handshake of `PROTOCOL.md`: what it says, what it accepts, and the proofs.
struct Handshake: Sendable {
    /// Which end proves. It is part of what is signed, so that neither side's proof can be sent back to it.
    enum Side: String, Sendable {
        case client, server

        var other: Side { self == .client ? .server : .client }
    }

    /// How the peer shows that its hello is true.
    enum Evidence: Sendable {
        /// An HMAC with the installation's key over both nonces.
        case key([UInt8])
        /// The DNS names of the certificate that TLS has verified.
        case certificate(names: [String])
    }

    let side: Side
    let hello: Hello
    let evidence: Evidence
    /// Services that may be on the other side; nil admits every holder of the key.
    let allowed: Set<String>?

    /// Why the peer's hello is refused, or nil.
    func refusal(of hello: Hello) -> CloseHead? {
        guard hello.version == WireLimits.protocolVersion else {
            return CloseHead(.version, "this side speaks version \(WireLimits.protocolVersion)")
        }
        guard let nonce = Hexadecimal.decode(hello.nonce), nonce.count == WireLimits.nonceBytes else {
            return CloseHead(.headInvalid, "nonce must be \(WireLimits.nonceBytes) bytes in hexadecimal")
        }
        guard hello.nonce != self.hello.nonce else {
            return CloseHead(.identity, "the nonce is this side's own")
        }
        if let allowed, !allowed.contains(hello.service) {
            return CloseHead(.identity, "service is not allowed here")
        }
        if case .certificate(let names) = self.evidence, !names.contains(hello.service) {
            return CloseHead(.identity, "the certificate does not name the service")
        }
        return nil
    }

    /// This side's proof, for the peer that said `peer`.
    func proof(for peer: Hello) -> Proof {
        switch self.evidence {
        case .key(let key):
            let code = Self.code(key, side: self.side, prover: self.hello, verifier: peer)
            return Proof(Hexadecimal.encode(code))
        case .certificate:
            return Proof("")
        }
    }

    /// Whether `proof` is the one that `peer` must give.
    func accepts(_ proof: Proof, of peer: Hello) -> Bool {
        switch self.evidence {
        case .key(let key):
            guard let given = Hexadecimal.decode(proof.proof) else { return false }
            let message = Self.message(side: self.side.other, prover: peer, verifier: self.hello)
            return HMAC<SHA256>.isValidAuthenticationCode(
                given,
                authenticating: message,
                using: SymmetricKey(data: key)
            )
        case .certificate:
            return proof.proof.isEmpty
        }
    }

    private static func code(_ key: [UInt8], side: Side, prover: Hello, verifier: Hello) -> [UInt8] {
        let message = Self.message(side: side, prover: prover, verifier: verifier)
        return Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    }

    private static func message(side: Side, prover: Hello, verifier: Hello) -> [UInt8] {
        let (client, server) = side == .client ? (prover, verifier) : (verifier, prover)
        var message = Array("throughline-wire/1 \(side.rawValue)\n".utf8)
        message += Hexadecimal.decode(client.nonce) ?? []
        message += Hexadecimal.decode(server.nonce) ?? []
        message += Array("\(prover.service)\n\(prover.instance)\n".utf8)
        return message
    }
}

extension Hello {
    /// A hello with a fresh nonce.
    init(_ identity: WireIdentity, catalog: String) {
        var generator = SystemRandomNumberGenerator()
        let nonce = (0..<WireLimits.nonceBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        self.init(
            service: identity.service,
            instance: identity.instance,
            build: identity.build,
            catalog: catalog,
            nonce: Hexadecimal.encode(nonce)
        )
    }

    var peer: Peer {
        Peer(service: self.service, instance: self.instance, build: self.build, catalogHash: self.catalog)
    }
}
