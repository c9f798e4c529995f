internal import Contracts
internal import TestKit
internal import Testing

@testable internal import Wire

/// Each kind of broken peer gets its defined answer, and costs nobody else anything.
struct MalformedFramesTests {
    static func frame(_ head: String, headLength: UInt32? = nil) -> [UInt8] {
        let head = Array(head.utf8)
        let length = UInt32(head.count + 4)
        let headLength = headLength ?? UInt32(head.count)
        return [length, headLength].flatMap { value in
            [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
        } + head
    }

    static let cases: [(String, [UInt8], CloseCode)] = [
        ("length 0", [0, 0, 0, 0], .frameLength),
        ("length 4 GiB", [0xff, 0xff, 0xff, 0xff], .frameLength),
        ("length 1 MiB + 1", [0, 0x10, 0, 1], .frameLength),
        ("head_length 0", Self.frame(#"{"kind":"ping"}"#, headLength: 0), .headLength),
        ("head_length > length", Self.frame(#"{"kind":"ping"}"#, headLength: 16), .headLength),
        ("head cut short", Self.frame(#"{"kind":"ping"}"#, headLength: 14), .headInvalid),
        ("not JSON", Self.frame("hello there"), .headInvalid),
        ("deep JSON", Self.frame(#"{"kind":"ping","x":"# + String(repeating: "[", count: 1_000)), .headInvalid),
        ("invalid UTF-8", [0, 0, 0, 6, 0, 0, 0, 2, 0xc3, 0x28], .headInvalid),
        ("duplicate keys", Self.frame(#"{"kind":"ping","kind":"pong"}"#), .headInvalid),
        ("unknown kind", Self.frame(#"{"kind":"hola"}"#), .unknownKind),
        ("a kind that only servers send", Self.frame(#"{"kind":"item","id":1}"#), .unexpectedKind),
        ("hello again", Self.frame(String(decoding: Self.helloHead, as: UTF8.self)), .unexpectedKind),
        ("unknown id", Self.frame(#"{"kind":"cancel","id":9}"#), .unknownID),
    ]

    static let helloHead: [UInt8] = {
        var bytes: [UInt8] = []
        HeadEncoder.append(.hello(HandshakeTests.client), to: &bytes)
        return bytes
    }()

    @Test("after the handshake", arguments: Self.cases)
    func afterHandshake(name: String, bytes: [UInt8], code: CloseCode) async throws {
        try await WireFixture.run { fixture in
            let peer = try await RawPeer.handshaken(port: fixture.port)
            peer.send(bytes: bytes)
            let frames = try await peer.framesUntilClosed()
            #expect(frames.count == 3)
            guard case .close(let close)? = frames.last?.head else {
                Issue.record("\(name): no close but \(String(describing: frames.last?.head))")
                return
            }
            #expect(close.code == code, "\(name)")
            #expect(try await fixture.echo("others go on") == "others go on")
        }
    }

    @Test("before the handshake a frame may be 4 KiB and must be a hello")
    func beforeHandshake() async throws {
        try await WireFixture.run { fixture in
            for (bytes, code) in [
                ([0, 0, 0x10, 1] as [UInt8], CloseCode.frameLength),
                (Self.frame(#"{"kind":"ping"}"#), .unexpectedKind),
                (Self.frame(#"{"kind":"call","id":1,"operation":"echo/1"}"#), .unexpectedKind),
            ] {
                let peer = try await RawPeer.connect(port: fixture.port)
                peer.send(bytes: bytes)
                guard case .close(let close)? = try await peer.framesUntilClosed().last?.head else {
                    Issue.record("no close")
                    continue
                }
                #expect(close.code == code)
            }
            #expect(fixture.handler.called.count == 0)
        }
    }

    @Test("a wrong proof is answered with identity, and no call reaches a handler")
    func wrongProof() async throws {
        try await WireFixture.run { fixture in
            let peer = try await RawPeer.connect(port: fixture.port)
            peer.send(.hello(HandshakeTests.client))
            peer.send(.proof(Proof(String(repeating: "00", count: 32))))
            peer.send(.call(CallHead(id: 1, operation: "echo/1")))
            let frames = try await peer.framesUntilClosed()
            #expect(frames.last?.head == .close(CloseHead(.identity, "the proof is wrong")))
            #expect(fixture.handler.called.count == 0)
        }
    }

    @Test("one byte at a time is a call like any other")
    func byteByByte() async throws {
        try await WireFixture.run { fixture in
            let peer = try await RawPeer.handshaken(port: fixture.port)
            var bytes: [UInt8] = []
            FrameEncoder.append(.call(CallHead(id: 1, operation: "echo/1")), body: Array("slow".utf8), to: &bytes)
            for byte in bytes { peer.send(bytes: [byte]) }
            let frames = try await peer.frames(3)
            #expect(
                frames.last == Frame(.reply(ReplyHead(id: 1, status: "ok", httpStatus: 200)), body: Array("slow".utf8))
            )
            await peer.close()
        }
    }

    @Test("more credit than a stream may have is answered with credit")
    func tooMuchCredit() async throws {
        try await WireFixture.run { fixture in
            let peer = try await RawPeer.handshaken(port: fixture.port)
            peer.send(.call(CallHead(id: 1, operation: "stream.count/1")))
            peer.send(.credit(id: 1, count: .max))
            guard case .close(let close)? = try await peer.framesUntilClosed().last?.head else {
                Issue.record("no close")
                return
            }
            #expect(close.code == .credit)
        }
    }

    @Test("a peer that says nothing is let go when its time is up")
    func silent() async throws {
        var limits = WireLimits.standard
        limits.helloTimeout = .milliseconds(50)
        limits.pingInterval = .milliseconds(20)
        let (server, port) = try await WireFixture.server(limits: limits)
        let peer = try await RawPeer.connect(port: port)
        guard case .close(let close)? = try await peer.framesUntilClosed().last?.head else {
            Issue.record("no close")
            return
        }
        #expect(close.code == .helloTimeout)
        await server.stop()
    }

    @Test("a peer that goes quiet is pinged and then let go")
    func halfOpen() async throws {
        var limits = WireLimits.standard
        limits.deadPeer = .milliseconds(1_000)
        limits.pingInterval = .milliseconds(20)
        let (server, port) = try await WireFixture.server(limits: limits)
        let peer = try await RawPeer.handshaken(port: port)
        let frames = try await peer.framesUntilClosed()
        #expect(frames.dropFirst(2).contains { $0.head == .ping })
        #expect(frames.last?.head == .close(CloseHead(.deadPeer, "nothing was heard")))
        await server.stop()
    }
}
