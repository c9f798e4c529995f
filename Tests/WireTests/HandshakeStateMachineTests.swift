internal import Contracts
internal import Testing

@testable internal import Wire

struct HandshakeStateMachineTests {
    /// A machine that has said its hello, and the other side's hello and proof.
    private static func begun(_ side: Handshake.Side) -> (machine: HandshakeStateMachine, hello: Hello, proof: Proof) {
        var machine = HandshakeStateMachine(HandshakeTests.handshake(side))
        _ = machine.connected()
        let (own, other) =
            side == .client
            ? (HandshakeTests.client, HandshakeTests.server)
            : (HandshakeTests.server, HandshakeTests.client)
        return (machine, other, HandshakeTests.handshake(side.other).proof(for: own))
    }

    private func code(_ action: HandshakeStateMachine.Action) -> CloseCode? {
        if case .close(let reason) = action { reason?.code } else { nil }
    }

    @Test(
        "each side says hello once, and only when the transport is ready",
        arguments: [Handshake.Side.client, .server]
    )
    func hello(side: Handshake.Side) {
        let handshake = HandshakeTests.handshake(side)
        var machine = HandshakeStateMachine(handshake)
        #expect(machine.connected() == .hello(handshake.hello))
        #expect(machine.connected() == nil)
        var early = HandshakeStateMachine(handshake)
        #expect(self.code(early.received(.ping)) == .unexpectedKind)
        #expect(early.connected() == nil, "it is over")
    }

    @Test("the client proves itself when it is greeted, the server when it has seen the client's proof")
    func order() {
        var (client, hello, proof) = Self.begun(.client)
        guard case .send(.proof(let first)) = client.received(.hello(hello)) else {
            Issue.record("the client did not prove itself")
            return
        }
        #expect(first == HandshakeTests.handshake(.client).proof(for: HandshakeTests.server))
        guard case .open(let server, proof: nil) = client.received(.proof(proof)) else {
            Issue.record("the client did not open")
            return
        }
        #expect(server == HandshakeTests.server.peer)

        var (machine, greeting, theirs) = Self.begun(.server)
        guard case .ignore = machine.received(.hello(greeting)),
            case .open(let peer, let last?) = machine.received(.proof(theirs))
        else {
            Issue.record("the server did not open")
            return
        }
        #expect(peer == HandshakeTests.client.peer)
        #expect(last == HandshakeTests.handshake(.server).proof(for: HandshakeTests.client))
        guard case .ignore = machine.received(.ping) else {
            Issue.record("it takes part in what comes after it")
            return
        }
    }

    @Test(
        "what is out of order, false or refused closes, and nothing follows",
        arguments: [Handshake.Side.client, .server]
    )
    func refusals(side: Handshake.Side) {
        let (_, hello, proof) = Self.begun(side)
        var stranger = hello
        stranger.version = 2
        let steps: [([Head], CloseCode?)] = [
            ([.proof(proof)], .unexpectedKind), ([.drain], .unexpectedKind), ([.hello(stranger)], .version),
            ([.hello(hello), .hello(hello)], .unexpectedKind), ([.hello(hello), .ping], .unexpectedKind),
            ([.hello(hello), .proof(Proof("00"))], .identity), ([.close(CloseHead(.identity, ""))], nil),
        ]
        for (heads, expected) in steps {
            var machine = Self.begun(side).machine
            for head in heads.dropLast() { _ = machine.received(head) }
            guard case .close(let reason) = machine.received(heads[heads.count - 1]) else {
                Issue.record("\(heads) does not close")
                continue
            }
            #expect(reason?.code == expected)
            guard case .ignore = machine.received(.hello(hello)) else {
                Issue.record("something follows \(heads)")
                continue
            }
        }
    }
}
