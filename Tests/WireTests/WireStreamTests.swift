internal import Contracts
internal import TestKit
internal import Testing

@testable internal import Wire

struct WireStreamTests {
    private static func count(_ count: Int?) -> CallHead {
        CallHead(
            operation: "stream.count/1",
            parameters: count.map { [CallParameter(name: "count", value: String($0))] } ?? []
        )
    }

    @Test("items come in order, however small the window", arguments: [1, 2, 7, 64] as [UInt32])
    func order(window: UInt32) async throws {
        try await WireFixture.run(window: window) { fixture in
            var items: [String] = []
            for try await item in fixture.client.stream(Self.count(200), body: []) {
                items.append(String(decoding: item, as: UTF8.self))
            }
            #expect(items == (0..<200).map { String($0) })
        }
    }

    @Test("a server sends no more items than it has credit for")
    func credit() async throws {
        let handler = TestHandler()
        let (server, port) = try await WireFixture.server(handler)
        let peer = try await RawPeer.handshaken(port: port)
        peer.send(.call(Self.count(nil).with(id: 1)))
        peer.send(.credit(id: 1, count: 3))
        _ = try await peer.frames(5)
        peer.send(.ping)
        var frames = try await peer.frames(6)
        #expect(frames.suffix(4).map(\.head) == [.item(id: 1), .item(id: 1), .item(id: 1), .pong])
        peer.send(.credit(id: 1, count: 1))
        frames = try await peer.frames(7)
        #expect(frames.last == Frame(.item(id: 1), body: Array("3".utf8)))
        peer.send(.cancel(id: 1))
        frames = try await peer.frames(8)
        #expect(frames.last?.head == .end(EndHead(id: 1, status: "cancelled")))
        await handler.cancelled.reaches(1)
        await peer.close()
        await server.stop()
    }

    @Test("a stream's fault comes after its items")
    func fault() async throws {
        try await WireFixture.run { fixture in
            var head = Self.count(2)
            head.operation = "stream.fault/1"
            var items = 0
            do throws(WireFailure) {
                for try await _ in fixture.client.stream(head, body: []) { items += 1 }
                Issue.record("no fault")
            } catch {
                #expect(error == .refused(StreamEnd(status: "gone", body: Array("{}".utf8))))
            }
            #expect(items == 2)
        }
    }

    @Test("leaving the loop cancels the stream")
    func leave() async throws {
        try await WireFixture.run { fixture in
            for try await _ in fixture.client.stream(Self.count(nil), body: []) { break }
            await fixture.handler.cancelled.reaches(1)
            #expect(try await fixture.echo("still here") == "still here")
        }
    }

    @Test("reading an operation that answers once as a stream, or the other way, is an error of that call alone")
    func mixedUp() async throws {
        try await WireFixture.run { fixture in
            await #expect(throws: WireFailure.refused(StreamEnd(status: "ok", body: [1]))) {
                for try await _ in fixture.client.stream(CallHead(operation: "echo/1"), body: [1]) {}
            }
            await #expect(throws: WireFailure.protocolViolation("a stream answered a call")) {
                try await fixture.client.call(Self.count(0), body: [], idempotent: false)
            }
        }
    }

    @Test("a draining server ends streams with retry_elsewhere")
    func drain() async throws {
        try await WireFixture.run { fixture in
            var iterator = fixture.client.stream(Self.count(nil), body: []).makeAsyncIterator()
            _ = try await iterator.next()
            async let drained: Void = fixture.server.drain(limit: .seconds(5))
            await #expect(throws: WireFailure.self) { while try await iterator.next() != nil {} }
            await drained
        }
    }
}

extension CallHead {
    fileprivate func with(id: UInt32) -> CallHead {
        var copy = self
        copy.id = id
        return copy
    }
}
