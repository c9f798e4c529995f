internal import Contracts
internal import Testing

@testable internal import Wire

struct ClientConnectionStateMachineTests {
    typealias Machine = ClientConnectionStateMachine<String>

    static func open(callsMax: Int = 4) -> Machine {
        var machine = Machine(HandshakeTests.handshake(.client), callsMax: callsMax)
        _ = machine.connected()
        _ = machine.received(.hello(HandshakeTests.server))
        _ = machine.received(.proof(HandshakeTests.handshake(.server).proof(for: HandshakeTests.client)))
        return machine
    }

    /// What a step says, as text that can be compared.
    static func text(_ step: Machine.Step) -> String {
        let action =
            switch step.action {
            case .ignore: "ignore"
            case .send(let head): "send \(head.kind.rawValue)"
            case .open(let peer): "open \(peer.service)"
            case .reply(let call, let head): "reply \(call) \(head.status)"
            case .item(let call): "item \(call)"
            case .end(let call, let end): "end \(call) \(end.status)"
            case .drain: "drain"
            case .close(let reason): "close \(reason?.code.rawValue ?? "quietly")"
            }
        return step.isLast ? action + ", last" : action
    }

    static func started(_ action: Machine.StartAction) -> UInt32? {
        if case .send(let id) = action { id } else { nil }
    }

    @Test("it proves itself after the server's hello and makes calls after the server's proof")
    func handshake() {
        var machine = Machine(HandshakeTests.handshake(.client), callsMax: 4)
        #expect(machine.connected() == .hello(HandshakeTests.client))
        #expect(Self.started(machine.start("early")) == nil)
        #expect(Self.text(machine.received(.hello(HandshakeTests.server))) == "send proof")
        #expect(Self.started(machine.start("early")) == nil)
        let proof = HandshakeTests.handshake(.server).proof(for: HandshakeTests.client)
        #expect(Self.text(machine.received(.proof(proof))) == "open crm")
        #expect(Self.started(machine.start("a")) == 1)
        #expect(Self.started(machine.start("b")) == 2)
    }

    @Test("a wrong proof, a wrong order and a refusal close")
    func refusals() {
        var wrong = Machine(HandshakeTests.handshake(.client), callsMax: 4)
        _ = wrong.connected()
        _ = wrong.received(.hello(HandshakeTests.server))
        #expect(Self.text(wrong.received(.proof(Proof("00")))) == "close identity")
        var order = Machine(HandshakeTests.handshake(.client), callsMax: 4)
        _ = order.connected()
        #expect(Self.text(order.received(.ping)) == "close unexpected_kind")
        var refused = Machine(HandshakeTests.handshake(.client), callsMax: 4)
        _ = refused.connected()
        #expect(Self.text(refused.received(.close(CloseHead(.version, "")))) == "close quietly")
        var other = Machine(HandshakeTests.handshake(.client, allowed: ["crm"]), callsMax: 4)
        _ = other.connected()
        #expect(Self.text(other.received(.hello(HandshakeTests.hello("revenue", "bb")))) == "close identity")
    }

    @Test("replies come in any order, each once")
    func replies() {
        var machine = Self.open()
        _ = machine.start("a")
        _ = machine.start("b")
        #expect(Self.text(machine.received(.reply(ReplyHead(id: 2, status: "ok")))) == "reply b ok")
        #expect(Self.text(machine.received(.reply(ReplyHead(id: 1, status: "gone")))) == "reply a gone")
        #expect(Self.text(machine.received(.reply(ReplyHead(id: 1, status: "ok")))) == "close unknown_id")
    }

    @Test(
        "an answer to a call never made closes",
        arguments: [Head.reply(ReplyHead(id: 9, status: "ok")), .item(id: 9), .end(EndHead(id: 9, status: "ok"))]
    )
    func unknown(head: Head) {
        var machine = Self.open()
        #expect(Self.text(machine.received(head)) == "close unknown_id")
    }

    @Test(
        "what only a client sends closes",
        arguments: [Head.cancel(id: 1), .credit(id: 1, count: 1), .proof(Proof(""))]
    )
    func clientKinds(head: Head) {
        var machine = Self.open()
        _ = machine.start("a")
        #expect(Self.text(machine.received(head)) == "close unexpected_kind")
    }

    @Test("an abandoned call keeps its place until the server's answer, which nobody gets")
    func abandon() {
        var machine = Self.open(callsMax: 1)
        _ = machine.start("a")
        let abandoned = machine.abandon(1)
        let again = machine.abandon(1)
        #expect(abandoned == "a")
        #expect(again == nil)
        #expect(Self.started(machine.start("b")) == nil)
        #expect(Self.text(machine.received(.item(id: 1))) == "ignore")
        #expect(Self.text(machine.received(.reply(ReplyHead(id: 1, status: "cancelled")))) == "ignore")
        #expect(Self.started(machine.start("b")) == 2)
    }

    @Test("a stream gets items and an end")
    func stream() {
        var machine = Self.open()
        _ = machine.start("s")
        #expect(Self.text(machine.received(.item(id: 1))) == "item s")
        #expect(Self.text(machine.received(.end(EndHead(id: 1, status: "ok")))) == "end s ok")
        #expect(Self.text(machine.received(.item(id: 1))) == "close unknown_id")
    }

    @Test("a draining server gets no more calls, and the last answer ends the connection")
    func drain() {
        var machine = Self.open()
        _ = machine.start("a")
        #expect(Self.text(machine.received(.drain)) == "drain")
        #expect(Self.started(machine.start("b")) == nil)
        #expect(Self.text(machine.received(.reply(ReplyHead(id: 1, status: "ok")))) == "reply a ok, last")
        var idle = Self.open()
        #expect(Self.text(idle.received(.drain)) == "drain, last")
    }

    @Test("a lost connection gives back the calls that wait, not those abandoned")
    func closed() {
        var machine = Self.open()
        _ = machine.start("a")
        _ = machine.start("b")
        _ = machine.start("c")
        _ = machine.abandon(2)
        let lost = machine.closed()
        let again = machine.closed()
        #expect(lost == ["a", "c"])
        #expect(again.isEmpty)
        #expect(Self.text(machine.received(.ping)) == "ignore")
    }
}
