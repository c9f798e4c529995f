internal import Contracts
internal import TestKit
internal import Testing

@testable internal import Wire

struct WireShutdownTests {
    @Test("a draining server lets what runs finish, and its client goes to the other instance")
    func drain() async throws {
        let (one, portOne) = try await WireFixture.server(instance: "crm-1")
        let (two, portTwo) = try await WireFixture.server(instance: "crm-2")
        let connected = Counter()
        let client = WireFixture.client([portOne, portTwo]) { _ in connected.add() }
        try client.start()
        await connected.reaches(4)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<2_000 {
                if number == 500 {
                    group.addTask {
                        await one.drain(limit: .seconds(5))
                        return true
                    }
                }
                group.addTask {
                    try await client.call(CallHead(operation: "echo/1"), body: [1], idempotent: false).isOK
                }
            }
            for try await isOK in group { #expect(isOK) }
        }
        #expect(one.connectionCount == 0)
        await client.stop()
        await two.stop()
    }

    @Test("a draining server refuses calls with retry_elsewhere")
    func refuse() async throws {
        let handler = TestHandler()
        let (server, port) = try await WireFixture.server(handler)
        let peer = try await RawPeer.handshaken(port: port)
        peer.send(.call(CallHead(id: 1, operation: "hang/1")))
        await handler.called.reaches(1)
        async let drained: Void = server.drain(limit: .seconds(2))
        _ = try await peer.frames(3)
        peer.send(.call(CallHead(id: 2, operation: "echo/1")))
        let frames = try await peer.frames(4)
        try #require(frames.count == 4)
        #expect(frames[2].head == .drain)
        #expect(frames[3].head == .reply(ReplyHead(id: 2, status: "retry_elsewhere", retryAfterSeconds: 1)))
        await drained
        await handler.cancelled.reaches(1)
        #expect(server.connectionCount == 0)
    }

    @Test("64 connects and then stop, again and again", arguments: 0..<10)
    func stopUnderConnects(round: Int) async throws {
        let (server, port) = try await WireFixture.server()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask {
                    guard let peer = try? await RawPeer.connect(port: port) else { return }
                    if number.isMultiple(of: 2) { peer.send(.hello(HandshakeTests.client)) }
                    _ = try? await peer.framesUntilClosed()
                }
            }
            // Every other round stops somewhat later, so that connections are caught at different steps.
            if round.isMultiple(of: 2) { for _ in 0..<(round * 100) { await Task.yield() } }
            await server.stop()
        }
        #expect(server.connectionCount == 0)
    }

    @Test("one connection more than allowed is closed at once")
    func connectionsMax() async throws {
        let (server, port) = try await WireFixture.server(connectionsMax: 1)
        let first = try await RawPeer.handshaken(port: port)
        let second = try await RawPeer.connect(port: port)
        #expect(try await second.framesUntilClosed().isEmpty)
        await first.close()
        await server.stop()
    }

    @Test("a client comes back when its server does, and tells of the new catalog")
    func reconnect() async throws {
        // Below the ports that the system gives to outgoing connections, so that nobody takes it in between.
        let (first, port) = try await WireFixture.server(
            TestHandler(catalogHash: "c1"),
            port: .random(in: 20_000..<30_000)
        )
        let connected = Counter()
        let client = WireFixture.client([port]) { _ in connected.add() }
        try client.start()
        await connected.reaches(2)
        #expect(client.peerCatalogHash == "c1")
        await first.stop()
        let second = WireServer(
            WireServerConfiguration(
                identity: WireFixture.identity("crm"),
                port: port,
                security: .key(HandshakeTests.key)
            ),
            handler: TestHandler(catalogHash: "c2"),
            group: WireFixture.group
        )
        _ = try await second.start()
        await connected.reaches(4)
        #expect(client.peerCatalogHash == "c2")
        #expect(try await client.call(CallHead(operation: "echo/1"), body: [1], idempotent: false).isOK)
        await client.drain(limit: .seconds(1))
        await #expect(throws: WireFailure.unavailable) {
            try await client.call(CallHead(operation: "echo/1"), body: [1], idempotent: true)
        }
        await second.stop()
    }
}
