internal import Contracts

/// The order of a handshake, the same for both sides: a hello from each, then the client's proof, then the server's. It decides
/// and never does.
struct HandshakeStateMachine {
    private enum State {
        /// The transport is not ready.
        case idle
        /// Our hello is sent.
        case awaitingHello
        /// The peer has claimed who it is.
        case awaitingProof(Hello)
        /// The peer is known, or the connection is to be closed.
        case over
    }

    private let handshake: Handshake
    private var state = State.idle

    init(_ handshake: Handshake) {
        self.handshake = handshake
    }

    enum Action {
        case ignore
        case send(Head)
        /// The peer is who it says; `proof` is what it still waits for, if it does.
        case open(Peer, proof: Proof?)
        /// Say why, when there is a reason to say, and close.
        case close(CloseHead?)
    }

    /// The transport is ready: what to say first.
    mutating func connected() -> Head? {
        guard case .idle = self.state else { return nil }
        self.state = .awaitingHello
        return .hello(self.handshake.hello)
    }

    mutating func received(_ head: Head) -> Action {
        switch (self.state, head) {
        case (.over, _): return .ignore
        case (_, .close): return self.close(nil)
        case (.awaitingHello, .hello(let hello)): return self.received(hello)
        case (.awaitingProof(let hello), .proof(let proof)): return self.received(proof, of: hello)
        case (.idle, _): return self.unexpected(head, "nothing before the transport is ready")
        case (.awaitingHello, _): return self.unexpected(head, "hello")
        case (.awaitingProof, _): return self.unexpected(head, "proof")
        }
    }

    private mutating func received(_ hello: Hello) -> Action {
        if let refusal = self.handshake.refusal(of: hello) { return self.close(refusal) }
        self.state = .awaitingProof(hello)
        // A server proves itself to none but a peer that has done so.
        return self.handshake.side == .client ? .send(.proof(self.handshake.proof(for: hello))) : .ignore
    }

    private mutating func received(_ proof: Proof, of hello: Hello) -> Action {
        guard self.handshake.accepts(proof, of: hello) else {
            return self.close(CloseHead(.identity, "the proof is wrong"))
        }
        self.state = .over
        return .open(hello.peer, proof: self.handshake.side == .server ? self.handshake.proof(for: hello) : nil)
    }

    private mutating func unexpected(_ head: Head, _ expected: String) -> Action {
        self.close(CloseHead(.unexpectedKind, "expected \(expected), not \(head.kind.rawValue)"))
    }

    private mutating func close(_ reason: CloseHead?) -> Action {
        self.state = .over
        return .close(reason)
    }
}
