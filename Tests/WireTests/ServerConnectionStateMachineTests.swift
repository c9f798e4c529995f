internal import Contracts
internal import Testing

@testable internal import Wire

struct ServerConnectionStateMachineTests {
    typealias Machine = ServerConnectionStateMachine

    static func open(callsMax: Int = 4) -> Machine {
        var machine = Machine(HandshakeTests.handshake(.server), callsMax: callsMax)
        _ = machine.connected()
        _ = machine.received(.hello(HandshakeTests.client))
        _ = machine.received(.proof(HandshakeTests.handshake(.client).proof(for: HandshakeTests.server)))
        return machine
    }

    static func call(_ id: UInt32, deadline: Int? = nil) -> CallHead {
        CallHead(id: id, operation: "echo/1", deadlineMilliseconds: deadline)
    }

    private func code(_ action: Machine.Action) -> CloseCode? {
        if case .close(let reason) = action { reason?.code } else { nil }
    }

    @Test("it says hello, waits for the peer's, checks its proof, and only then proves itself")
    func handshake() {
        var machine = Machine(HandshakeTests.handshake(.server), callsMax: 4)
        #expect(machine.connected() == .hello(HandshakeTests.server))
        #expect(machine.received(.hello(HandshakeTests.client)) == .ignore)
        let isOpenBefore = machine.isOpen
        #expect(!isOpenBefore)
        let proof = HandshakeTests.handshake(.client).proof(for: HandshakeTests.server)
        #expect(
            machine.received(.proof(proof))
                == .open(
                    HandshakeTests.handshake(.server).proof(for: HandshakeTests.client),
                    HandshakeTests.client.peer
                )
        )
        let isOpenAfter = machine.isOpen
        #expect(isOpenAfter)
    }

    @Test("anything but hello first, and anything but proof second, is an unexpected kind")
    func order() {
        for (head, _) in Self.heads {
            var first = Machine(HandshakeTests.handshake(.server), callsMax: 4)
            _ = first.connected()
            #expect(self.code(first.received(head)) == .unexpectedKind)
            #expect(first.received(.hello(HandshakeTests.client)) == .ignore)
            var second = Machine(HandshakeTests.handshake(.server), callsMax: 4)
            _ = second.connected()
            _ = second.received(.hello(HandshakeTests.client))
            #expect(self.code(second.received(head)) == .unexpectedKind)
        }
    }

    static let heads: [(Head, String)] = [
        (.call(Self.call(1)), "call"), (.reply(ReplyHead(id: 1, status: "ok")), "reply"), (.item(id: 1), "item"),
        (.end(EndHead(id: 1, status: "ok")), "end"), (.credit(id: 1, count: 1), "credit"), (.cancel(id: 1), "cancel"),
        (.ping, "ping"), (.pong, "pong"), (.drain, "drain"),
    ]

    @Test("a wrong proof closes")
    func wrongProof() {
        var machine = Machine(HandshakeTests.handshake(.server), callsMax: 4)
        _ = machine.connected()
        _ = machine.received(.hello(HandshakeTests.client))
        #expect(self.code(machine.received(.proof(Proof("00")))) == .identity)
    }

    @Test(
        "what only a server sends is an unexpected kind",
        arguments: [
            Head.reply(ReplyHead(id: 1, status: "ok")), .item(id: 1), .end(EndHead(id: 1, status: "ok")),
            .hello(HandshakeTests.client), .proof(Proof("")),
        ]
    )
    func serverKinds(head: Head) {
        var machine = Self.open()
        #expect(self.code(machine.received(head)) == .unexpectedKind)
    }

    @Test("a call starts, and its end is answered once")
    func call() {
        var machine = Self.open()
        #expect(machine.received(.call(Self.call(1))) == .start(Self.call(1)))
        #expect(machine.finished(1) == .init(answer: true, close: false))
        #expect(machine.finished(1) == .init(answer: false, close: false))
    }

    @Test("ids must increase; cancel and credit are for ids that were called")
    func identifiers() {
        for head in [Head.call(Self.call(5)), .call(Self.call(4)), .cancel(id: 6), .credit(id: 6, count: 1)] {
            var machine = Self.open()
            _ = machine.received(.call(Self.call(5)))
            #expect(self.code(machine.received(head)) == .unknownID)
        }
        var machine = Self.open()
        _ = machine.received(.call(Self.call(5)))
        _ = machine.finished(5)
        #expect(machine.received(.cancel(id: 5)) == .ignore)
        #expect(machine.received(.credit(id: 5, count: 1)) == .ignore)
        #expect(machine.received(.cancel(id: 3)) == .ignore)
    }

    @Test("a cancelled call is answered at once and counts until its handler ends")
    func cancel() {
        var machine = Self.open(callsMax: 1)
        _ = machine.received(.call(Self.call(1)))
        #expect(machine.received(.cancel(id: 1)) == .cancel(1))
        #expect(machine.received(.cancel(id: 1)) == .ignore)
        #expect(machine.received(.call(Self.call(2))) == .refuse(2, .tooManyCalls))
        #expect(machine.finished(1) == .init(answer: false, close: false))
        #expect(machine.received(.call(Self.call(3))) == .start(Self.call(3)))
    }

    @Test("a deadline in the past is refused, one that passes is answered early")
    func deadline() {
        var machine = Self.open()
        #expect(machine.received(.call(Self.call(1, deadline: 0))) == .refuse(1, .deadlineExceeded))
        _ = machine.received(.call(Self.call(2, deadline: 10)))
        let first = machine.answeredEarly(2)
        let second = machine.answeredEarly(2)
        #expect(first)
        #expect(!second)
        #expect(machine.finished(2) == .init(answer: false, close: false))
    }

    @Test("a draining server answers what runs, refuses more with retry_elsewhere, and waits for the client to leave")
    func drain() {
        var machine = Self.open()
        _ = machine.received(.call(Self.call(1)))
        #expect(machine.drain() == .send(.drain))
        #expect(machine.drain() == .ignore)
        #expect(machine.received(.call(Self.call(2))) == .refuse(2, .retryElsewhere))
        #expect(machine.received(.ping) == .send(.pong))
        #expect(machine.finished(1) == .init(answer: true, close: false))
        #expect(machine.received(.drain) == .close(nil))
    }

    @Test("a call that crosses the drain of an idle connection is refused, not lost; before the handshake it closes")
    func drainIdle() {
        var idle = Self.open()
        #expect(idle.drain() == .send(.drain))
        #expect(idle.received(.call(Self.call(1))) == .refuse(1, .retryElsewhere))
        var young = Machine(HandshakeTests.handshake(.server), callsMax: 4)
        _ = young.connected()
        #expect(young.drain() == .close)
    }

    @Test("a client that said drain makes no more calls, and is closed after its last answer")
    func peerDrain() {
        var machine = Self.open()
        _ = machine.received(.call(Self.call(1)))
        #expect(machine.received(.drain) == .ignore)
        #expect(machine.finished(1) == .init(answer: true, close: true))
        var other = Self.open()
        #expect(other.received(.drain) == .close(nil))
        var third = Self.open()
        _ = third.received(.call(Self.call(1)))
        _ = third.received(.drain)
        #expect(self.code(third.received(.call(Self.call(2)))) == .unexpectedKind)
    }
}
