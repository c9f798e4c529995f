internal import Contracts
internal import NIOCore
internal import NIOPosix
internal import TestKit
internal import Testing

@testable internal import Wire

struct WireCallTests {
    @Test("a call is answered, with its conditions and its body")
    func echo() async throws {
        try await WireFixture.run { fixture in
            let reply = try await fixture.client.call(
                CallHead(operation: "echo/1", ifMatch: VersionMatch(7)),
                body: Array("hello".utf8),
                idempotent: false
            )
            #expect(reply == WireReply(httpStatus: 200, etag: 7, body: Array("hello".utf8)))
        }
    }

    @Test("a handler knows who calls, and a fault passes through as it is")
    func peerAndFault() async throws {
        try await WireFixture.run { fixture in
            let peer = try await fixture.client.call(CallHead(operation: "peer/1"), body: [], idempotent: true)
            #expect(peer.body == Array("gateway".utf8))
            let fault = try await fixture.client.call(CallHead(operation: "none/1"), body: [], idempotent: true)
            #expect(fault == WireReply(status: "not_found", body: Array(#"{"code":"not_found"}"#.utf8)))
        }
    }

    @Test("a thousand calls at once are answered each with its own")
    func many() async throws {
        try await WireFixture.run { fixture in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1_000 {
                    group.addTask { try await fixture.echo("\(number)") == "\(number)" }
                }
                for try await isOwn in group { #expect(isOwn) }
            }
            #expect(fixture.client.state.instances.map(\.callsInFlight) == [0])
        }
    }

    @Test("a call without a task, on an event loop")
    func future() async throws {
        try await WireFixture.run { fixture in
            let loop = WireFixture.group.next()
            let futures = (0..<100).map { number in
                fixture.client.call(on: loop, CallHead(operation: "echo/1"), body: [UInt8(number)], idempotent: true)
            }
            let replies = try await EventLoopFuture.whenAllSucceed(futures, on: loop).get()
            #expect(replies.map(\.body) == (0..<100).map { [UInt8($0)] })
        }
    }

    @Test("the deadline is passed on, less what the way back takes, and ends the call on both sides")
    func deadline() async throws {
        try await WireFixture.run { fixture in
            let told = try await fixture.client.call(
                CallHead(operation: "deadline/1", deadlineMilliseconds: 10_000),
                body: [],
                idempotent: true
            )
            let left = try #require(Int(String(decoding: told.body, as: UTF8.self)))
            #expect(5_000..<9_996 ~= left)
            do throws(WireFailure) {
                let late = try await fixture.client.call(
                    CallHead(operation: "hang/1", deadlineMilliseconds: 200),
                    body: [],
                    idempotent: false
                )
                #expect(late.status == "deadline_exceeded")
            } catch {
                // On a busy machine the server's answer may come after the client's own timer.
                #expect(error == .deadlineExceeded)
            }
            await fixture.handler.cancelled.reaches(1)
        }
    }

    @Test("a call whose time is already up is not made")
    func noTime() async throws {
        try await WireFixture.run { fixture in
            await #expect(throws: WireFailure.deadlineExceeded) {
                try await fixture.client.call(
                    CallHead(operation: "echo/1", deadlineMilliseconds: 0),
                    body: [],
                    idempotent: false
                )
            }
            #expect(fixture.handler.called.count == 0)
        }
    }

    @Test("cancelling the caller's task cancels the handler's")
    func cancel() async throws {
        try await WireFixture.run { fixture in
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    await #expect(throws: WireFailure.cancelled) {
                        try await fixture.client.call(CallHead(operation: "hang/1"), body: [], idempotent: false)
                    }
                }
                await fixture.handler.called.reaches(1)
                group.cancelAll()
            }
            await fixture.handler.cancelled.reaches(1)
            let echo = try await fixture.echo("still here")
            #expect(echo == "still here")
        }
    }

    @Test("a call without a task is cancelled by its caller, before it is sent or while it runs; later nothing happens")
    func cancelFuture() async throws {
        try await WireFixture.run { fixture in
            func call(_ operation: String, _ cancellation: CallCancellation) -> EventLoopFuture<WireReply> {
                let loop = WireFixture.group.any()
                let head = CallHead(operation: operation)
                return fixture.client.call(on: loop, head, body: [], idempotent: true, cancellation: cancellation)
            }
            let early = CallCancellation()
            early.cancel()
            await #expect(throws: WireFailure.cancelled) { try await call("echo/1", early).get() }
            #expect(fixture.handler.called.count == 0)

            let late = CallCancellation()
            let hanging = call("hang/1", late)
            await fixture.handler.called.reaches(1)
            late.cancel()
            await #expect(throws: WireFailure.cancelled) { try await hanging.get() }
            await fixture.handler.cancelled.reaches(1)

            let over = CallCancellation()
            let reply = try await call("echo/1", over).get()
            over.cancel()
            #expect(reply.isOK)
            #expect(try await fixture.echo("still here") == "still here")
            #expect(fixture.client.state.instances.map(\.callsInFlight) == [0])
        }
    }

    @Test("a request or an answer larger than a frame costs only its own call")
    func tooLarge() async throws {
        try await WireFixture.run { fixture in
            await #expect(throws: WireFailure.protocolViolation("the request is larger than a frame may be")) {
                try await fixture.client.call(
                    CallHead(operation: "echo/1"),
                    body: Array(repeating: 0, count: 1 << 20),
                    idempotent: false
                )
            }
            let reply = try await fixture.client.call(CallHead(operation: "large/1"), body: [], idempotent: false)
            #expect(reply.status == "internal")
            #expect(try await fixture.echo("still here") == "still here")
        }
    }

    @Test("more calls than a connection may have are answered unavailable")
    func tooMany() async throws {
        var limits = WireLimits.standard
        limits.callsPerConnectionMax = 2
        let handler = TestHandler()
        let (server, port) = try await WireFixture.server(handler, limits: limits)
        let peer = try await RawPeer.handshaken(port: port)
        for id in 1...3 as ClosedRange<UInt32> { peer.send(.call(CallHead(id: id, operation: "hang/1"))) }
        guard case .reply(let reply)? = try await peer.frames(3).last?.head else {
            Issue.record("no reply")
            return
        }
        #expect(reply == ReplyHead(id: 3, status: "unavailable", retryAfterSeconds: 1))
        await peer.close()
        await handler.cancelled.reaches(2)
        await server.stop()
    }

    @Test(
        "what may be repeated is tried again after a failure, and not after a refusal by who has too much to do",
        arguments: [("unavailable/1", true, 2), ("unavailable/1", false, 1), ("busy/1", true, 1), ("busy/1", false, 1)]
    )
    func triedAgain(operation: String, idempotent: Bool, times: Int) async throws {
        try await WireFixture.run { fixture in
            let reply = try await fixture.client.call(CallHead(operation: operation), body: [], idempotent: idempotent)
            #expect(reply == WireReply(status: String(operation.dropLast(2)), httpStatus: 503, retryAfter: 1))
            #expect(fixture.handler.called.count == times)
        }
    }

    @Test("with nobody there a call fails soon, and works once somebody is")
    func unavailable() async throws {
        let client = WireFixture.client([1])
        try client.start()
        await #expect(throws: WireFailure.unavailable) {
            try await client.call(CallHead(operation: "echo/1"), body: [], idempotent: true)
        }
        #expect(!client.state.isReady)
        #expect(client.state.lastFailure != nil)
        await client.stop()
    }
}
